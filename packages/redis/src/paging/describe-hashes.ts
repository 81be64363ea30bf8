// Owns: reading the size of hashes before the hashes themselves: the length of the field that makes them large, and a
// few short fields.
import type { RedisConnection } from '../connect.ts'
import { cutByWeight } from './cut-by-weight.ts'
import { defineScript } from '../lua/define-script.ts'

export type Description = { fields: Array<string | undefined>; bytes: number }

/** Hashes per call: Redis serves no other command meanwhile (measured: 1 µs each). */
const MAX_BATCH = 250

const describe = defineScript({
  name: 'paging/describe-hashes',
  args: ['measured'],
  eachKeys: ['key'],
  moreArgs: 'fields',
})

/** `keys` share a hash tag. */
export async function describeHashes(
  redis: RedisConnection,
  keys: readonly string[],
  { measured, fields = [] }: { measured: string; fields?: readonly string[] },
): Promise<Description[]> {
  const described: Description[] = []
  for (let start = 0; start < keys.length; start += MAX_BATCH) {
    const each = keys.slice(start, start + MAX_BATCH).map((key) => ({ key }))
    const answer = await describe(redis, { measured, each, fields })
    described.push(...(Array.isArray(answer) ? answer.map(parseDescription) : []))
  }
  return described
}

function parseDescription(answer: unknown): Description {
  const [bytes, ...fields] = Array.isArray(answer) ? (answer as unknown[]) : []
  return { bytes: Number(bytes ?? 0), fields: fields.map((value) => (typeof value === 'string' ? value : undefined)) }
}

/** Of one page; a single entry may be larger. Serializing a page blocks the event loop. */
export const MAX_PAGE_BYTES = 512 * 1024

const GROUP_BYTES = 128 * 1024
const GROUP_ENTRIES = 25

/** Groups of entries that are read at once; a large entry alone. Between two groups the event loop runs other tasks. */
export function inGroups<T extends { bytes: number }>(entries: readonly T[]): Generator<T[]> {
  return cutByWeight(entries, ({ bytes }) => bytes, { weight: GROUP_BYTES, items: GROUP_ENTRIES })
}
