// Owns: reading, in a consumer's queue, what its jobs returned. The stream is the consumer's: any field may hold
// anything.
import { script } from '../script.ts'

/** In one read. */
export const MOST_ENTRIES = 100
/** So much of the stream is looked at in one read, and one entry more: it can be as long as its consumer wrote it. */
export const MOST_BYTES = 262_144
/** Above the longest reply that the gateway takes, each of its characters escaped. */
const LONGEST_VALUE = 131_072
/** What stands for a longer one: a reply that is none. */
const TOO_LONG = '{"reply":0}'
/** Above the length of an event's id. */
const LONGEST_JOB_ID = 64

/**
 * Of completed jobs only, and only of those that returned something: the rest of the stream does not leave Redis. Entries are
 * fetched one by one: several long ones at once would stop Redis for as long as it copies all of them.
 * KEYS: the queue's event stream
 * ARGV: after which entry, how many entries at most
 * -> 1 when there may be more, how many bytes were looked at, the id of the last entry or '', then for each return: job id, value as JSON
 */
export const readReturns = script(`
local last, bytes, count, answer = ARGV[1], 0, 0, {0, 0, ''}
while count < tonumber(ARGV[2]) and bytes < ${MOST_BYTES} do
  local streams = redis.call('XREAD', 'COUNT', 1, 'STREAMS', KEYS[1], last)
  if not streams then return answer end
  local id, written = unpack(streams[1][2][1])
  last, count = id, count + 1
  answer[3] = last
  local fields = {}
  for at = 1, #written, 2 do
    fields[written[at]] = written[at + 1]
    bytes = bytes + #written[at] + #written[at + 1]
  end
  answer[2] = bytes
  local jobId, value = fields.jobId, fields.returnvalue
  if fields.event == 'completed' and jobId and #jobId <= ${LONGEST_JOB_ID} and value and value ~= 'null' then
    if #value > ${LONGEST_VALUE} then value = '${TOO_LONG}' end
    answer[#answer + 1] = jobId
    answer[#answer + 1] = value
  end
end
answer[1] = 1
return answer
`)

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
