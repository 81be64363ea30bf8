-- Reads the return values of completed jobs from the event stream of a consumer's queue. Other entries are skipped.
-- Entries are read one by one, because Redis is blocked while it copies several long ones.
-- KEY events     the queue's stream
-- ARG after      id of an entry
-- ARG limit      of entries
-- ARG maxBytes   of entries; the last one may exceed it
-- RETURN 1 = there may be more, number of bytes read, id of the last entry or '', then for each value: job id, value as
--   JSON
-- COST O(limit), and maxBytes

-- Longer than the longest valid reply with all its characters escaped.
local LONGEST_VALUE = 131072
-- Replaces a longer value by an invalid reply.
local TOO_LONG = '{"reply":0}'
-- Longer than any event's id.
local LONGEST_JOB_ID = 64
local last, bytes, count, answer = after, 0, 0, {0, 0, ''}
while count < tonumber(limit) and bytes < tonumber(maxBytes) do
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
