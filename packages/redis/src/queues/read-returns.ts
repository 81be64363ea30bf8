// Owns: reading the return values of jobs from the event stream of a consumer's queue. The consumer may have written
// anything into it.
import { defineScript } from '../lua/define-script.ts'

/** In one read. */
export const MAX_ENTRIES = 100
/** Bytes that one read returns at most, besides one last entry, which can be of any length. */
export const MAX_BYTES = 262_144
export const readReturns = defineScript({
  name: 'queues/read-returns',
  keys: ['events'],
  args: ['after', 'limit', 'maxBytes'],
})

export type Returns = {
  hasMore: boolean
  bytes: number
  last: string | undefined
  returns: Array<{ jobId: string; value: unknown }>
}

/** A return value that is not JSON is left out: it is no reply. */
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
