// Owns: what hashes are like before they are read: a few short fields, and how long the one is that makes them large.
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import { cutByWeight } from './cut-by-weight.ts'

export type Description = { fields: Array<string | undefined>; bytes: number }

/** In one call, so that nobody else waits long for Redis (measured: 1 µs each). */
const MOST_AT_ONCE = 250

/**
 * KEYS: hashes
 * ARGV: the field to measure, then those to read
 * -> for each hash: the length, 0 when there is no such field, then the fields
 */
const describe = script(`
local read = {unpack(ARGV, 2)}
local answers = {}
for index, key in ipairs(KEYS) do
  local fields = #read > 0 and redis.call('HMGET', key, unpack(read)) or {}
  answers[index] = {redis.call('HSTRLEN', key, ARGV[1]), unpack(fields)}
end
return answers
`)

/** `keys` share a hash tag. */
export async function describeHashes(
  redis: RedisConnection,
  keys: readonly string[],
  { measured, fields = [] }: { measured: string; fields?: readonly string[] },
): Promise<Description[]> {
  const described: Description[] = []
  for (let start = 0; start < keys.length; start += MOST_AT_ONCE) {
    const answer = await runScript(redis, describe, { keys: keys.slice(start, start + MOST_AT_ONCE), args: [measured, ...fields] })
    described.push(...(Array.isArray(answer) ? answer.map(parseDescription) : []))
  }
  return described
}

function parseDescription(answer: unknown): Description {
  const [bytes, ...fields] = Array.isArray(answer) ? (answer as unknown[]) : []
  return { bytes: Number(bytes ?? 0), fields: fields.map((value) => (typeof value === 'string' ? value : undefined)) }
}

/** Of one answer, but for an entry that is larger by itself: the process does nothing else while it is written. */
export const MOST_PAGE_BYTES = 512 * 1024

const GROUP_BYTES = 128 * 1024
const GROUP_ENTRIES = 25

/** Entries that may be read at the same time; a large one alone. Between two groups the process does other things. */
export function inGroups<T extends { bytes: number }>(entries: readonly T[]): Generator<T[]> {
  return cutByWeight(entries, ({ bytes }) => bytes, { weight: GROUP_BYTES, items: GROUP_ENTRIES })
}
