// Owns: reading, in a consumer's queue, what its jobs returned. The stream is the consumer's: any field may hold
// anything.
import { script } from '../script.ts'

/** In one read. */
export const MOST_ENTRIES = 100
/** Several times the longest reply that WeChat takes, each character escaped. */
const LONGEST_VALUE = 1_048_576
/** What stands for a longer one: a reply that is none. */
const TOO_LONG = '{"reply":0}'

/**
 * Of completed jobs only, and only of those that returned something: the rest of the stream does not leave Redis.
 * KEYS: the queue's event stream
 * ARGV: after which entry, how many entries at most
 * -> how many entries there were, the id of the last one, then for each return: job id, value as JSON
 */
export const readReturns = script(`
local streams = redis.call('XREAD', 'COUNT', ARGV[2], 'STREAMS', KEYS[1], ARGV[1])
if not streams then return {0} end
local entries = streams[1][2]
local answer = {#entries, entries[#entries][1]}
for _, entry in ipairs(entries) do
  local fields = {}
  for at = 1, #entry[2], 2 do fields[entry[2][at]] = entry[2][at + 1] end
  local value = fields.returnvalue
  if fields.event == 'completed' and fields.jobId and value and value ~= 'null' then
    if #value > ${LONGEST_VALUE} then value = '${TOO_LONG}' end
    answer[#answer + 1] = fields.jobId
    answer[#answer + 1] = value
  end
end
return answer
`)

export type Returns = { count: number; last: string | undefined; returns: Array<{ jobId: string; value: unknown }> }

/** A value that is no JSON is no reply, and left out. */
export function parseReturns(answer: unknown): Returns {
  const [count, last, ...flat] = Array.isArray(answer) ? answer.map(String) : []
  const returns: Returns['returns'] = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const value = parseJson(flat[index + 1] ?? '')
    if (value !== undefined) returns.push({ jobId: flat[index] ?? '', value })
  }
  return { count: Number(count ?? 0), last, returns }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
