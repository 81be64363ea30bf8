// Owns: the ids of configured platforms: which are valid, and which are reserved.

const PLATFORM_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

/** Each reserved word, and a Redis name of this or an earlier version that has it at the place of a platform's id. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['component', '{wx-component-events}'],
  ['platform', '{wx-platform-events}'],
  ['messages', '{wx-messages}'],
  ['maintenance', '{wx-maintenance}'],
  ['deliveries', '{wx-deliveries-…}'],
  ['wx-component-events', '{wx-component-events}'],
  ['wx-platform-events', '{wx-platform-events}'],
  ['wx-messages', '{wx-messages}'],
  ['wx-maintenance', '{wx-maintenance}'],
  ['wx-deliveries', '{wx-deliveries.…}'],
  ['wx-queue', '{wx-queue.…}'],
  ['stream', 'wx:{stream.…}'],
  ['wx-console', 'wx:{wx-console}:audit'],
  ['health', 'wx:{health}:probe'],
  // Not used yet; a later name may start with the kind of a sink.
  ['queue', 'queue'],
])
/** Earlier versions named delivery queues `deliveries-PLATFORM-SUBSCRIPTION`. */
const RESERVED_START = 'deliveries-'

export function isPlatformId(text: string): boolean {
  return PLATFORM_ID.test(text)
}

/** The gateway's own Redis name that this id would collide with, if any. */
export function reservedPlatformId(id: string): string | undefined {
  return id.startsWith(RESERVED_START) ? RESERVED.get('deliveries') : RESERVED.get(id)
}
