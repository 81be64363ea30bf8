// Owns: what hashes are like before they are read: a few short fields, and how long the one is that makes them large.
import type { RedisConnection } from '../connect.ts'
import { cutByWeight } from './cut-by-weight.ts'
import { defineScript } from '../lua/define-script.ts'

export type Description = { fields: Array<string | undefined>; bytes: number }

/** In one call, so that nobody else waits long for Redis (measured: 1 µs each). */
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

/** Of one answer, but for an entry that is larger by itself: the process does nothing else while it is written. */
export const MAX_PAGE_BYTES = 512 * 1024

const GROUP_BYTES = 128 * 1024
const GROUP_ENTRIES = 25

/** Entries that may be read at the same time; a large one alone. Between two groups the process does other things. */
export function inGroups<T extends { bytes: number }>(entries: readonly T[]): Generator<T[]> {
  return cutByWeight(entries, ({ bytes }) => bytes, { weight: GROUP_BYTES, items: GROUP_ENTRIES })
}
