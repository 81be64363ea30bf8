// Owns: which part of an event is content: all members of `data` except its kind, its id and its time.

const NO_CONTENT = ['MsgType', 'Event', 'InfoType', 'MsgId', 'CreateTime']

/** The event without content. A value that is no event is returned unchanged. */
export function withoutContent(event: unknown): unknown {
  if (!isRecord(event) || !isRecord(event['data'])) return event
  return {
    ...event,
    data: Object.fromEntries(Object.entries(event['data']).filter(([name]) => NO_CONTENT.includes(name))),
  }
}

export function hasContent(event: unknown): boolean {
  return (
    isRecord(event) && isRecord(event['data']) && Object.keys(event['data']).some((name) => !NO_CONTENT.includes(name))
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
