// Owns: what of an event is content: everything in its `data` but what says which kind of event it is, and when it was.

const NO_CONTENT = ['MsgType', 'Event', 'InfoType', 'MsgId', 'CreateTime']

/** The event with nothing in it that a user wrote. Anything else than an event is answered as it is. */
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
