// Owns: reading the return values of jobs from the event stream of a consumer's queue. The consumer may have written
// anything into it.
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import { eventsKey } from './queue-keys.ts'

/** Of one read. Its last entry may exceed it. */
export const MAX_BYTES = 262_144

const readEntries = defineScript({
  name: 'bullmq-format/read-returns',
  keys: ['events'],
  args: ['after', 'limit', 'maxBytes'],
})

type Returns = {
  /** There may be more entries. */
  hasMore: boolean
  bytes: number
  last: string | undefined
  returns: Array<{ jobId: string; value: unknown }>
}

/** `after`: the id of an entry. `limit`: of entries. Rejects with the driver's error. */
export async function readReturns(
  redis: RedisConnection,
  { queue, after, limit }: { queue: string; after: string; limit: number },
): Promise<Returns> {
  return parseReturns(await readEntries(redis, { events: eventsKey(queue), after, limit, maxBytes: MAX_BYTES }))
}

/** A return value that is not JSON is left out, because it is no reply. */
function parseReturns(answer: unknown): Returns {
  const [hasMore, bytes, last, ...flat] = Array.isArray(answer) ? answer.map(String) : []
  const returns: Returns['returns'] = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const value = parseJson(flat[index + 1] ?? '')
    if (value !== undefined) returns.push({ jobId: flat[index] ?? '', value })
  }
  return { hasMore: hasMore === '1', bytes: Number(bytes ?? 0), last: last === '' ? undefined : last, returns }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
