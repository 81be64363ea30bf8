-- Reads what jobs of a consumer's queue have returned: of completed jobs only, and only of those that returned
-- something. The rest of the stream does not leave Redis. Entries are fetched one by one: several long ones at once
-- would stop Redis for as long as it copies all of them.
-- KEY events     the queue's stream
-- ARG after      id of an entry
-- ARG most       entries
-- ARG maxBytes  of entries, and one entry more
-- RETURN 1 when there may be more, how many bytes were read, the id of the last entry or '', then for each return: job
--   id, value as JSON
-- COST O(most), and maxBytes

-- Above the longest reply that the gateway takes, each of its characters escaped.
local LONGEST_VALUE = 131072
-- Stands for a longer one: a reply that is none.
local TOO_LONG = '{"reply":0}'
-- Above the length of an event's id.
local LONGEST_JOB_ID = 64
local last, bytes, count, answer = after, 0, 0, {0, 0, ''}
while count < tonumber(most) and bytes < tonumber(maxBytes) do
  local streams = redis.call('XREAD', 'COUNT', 1, 'STREAMS', events, last)
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
  if fields.event == 'completed' and jobId and #jobId <= LONGEST_JOB_ID and value and value ~= 'null' then
    if #value > LONGEST_VALUE then value = TOO_LONG end
    answer[#answer + 1] = jobId
    answer[#answer + 1] = value
  end
end
answer[1] = 1
return answer
