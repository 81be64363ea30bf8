// Owns: reading, in a consumer's queue, what its jobs returned. The stream is the consumer's: any field may hold
// anything.
import { defineScript } from '../lua/define-script.ts'

/** In one read. */
export const MOST_ENTRIES = 100
/** So much of the stream is looked at in one read, and one entry more: it can be as long as its consumer wrote it. */
export const MOST_BYTES = 262_144
export const readReturns = defineScript({
  name: 'queues/read-returns',
  keys: ['events'],
  args: ['after', 'most', 'mostBytes'],
})

export type Returns = {
  hasMore: boolean
  bytes: number
  last: string | undefined
  returns: Array<{ jobId: string; value: unknown }>
}

/** A value that is no JSON is no reply, and left out. */
export function parseReturns(answer: unknown): Returns {
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
