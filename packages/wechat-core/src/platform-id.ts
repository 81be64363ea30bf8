// Owns: the ids of configured platforms: which are valid, and which are reserved.

const PLATFORM_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

/**
 * Each word with a name in Redis, of this version or an earlier one, in which it stands where a platform's id stands
 * in others.
 */
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
  // None yet; the kind of a sink is the likeliest word of a name to come.
  ['queue', 'queue'],
])
/** Began the names of deliveries' queues, which ended with platform and subscription. */
const RESERVED_START = 'deliveries-'

export function isPlatformId(text: string): boolean {
  return PLATFORM_ID.test(text)
}

/** The gateway's own name that a valid id could be confused with, or undefined. */
export function reservedPlatformId(id: string): string | undefined {
  return id.startsWith(RESERVED_START) ? RESERVED.get('deliveries') : RESERVED.get(id)
}
