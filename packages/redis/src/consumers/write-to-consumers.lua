-- Writes to consumers' streams and BullMQ queues, in the step of the script that includes this. That script has a list
-- of keys `others` and a record `queue`.
-- - `openQueue(at)`: prepares the queue of the record at this index, and returns the index after the record.
-- - `writeTo(sink, how, id, kind, json)`: adds an entry or a job, and returns whether it succeeded. `sink`: the index
--   of a stream, or of a queue's `wait`, in `others`; 0 = no write. `how`: maxLength of the stream ('' = all), or the
--   options of the job as JSON.
--   After a refused write its sink gets no other one in this step: a later event must not overtake the refused one.
-- NEED timestamp   of jobs, in ms
-- INCLUDE lua/key-at
-- INCLUDE lua/append-to
-- INCLUDE bullmq-format/adding
local openQueue, writeTo
do
  -- By the index of `wait`: the function that adds a job, or false.
  local queues = {}
  -- By index: a write was refused.
  local refused = {}

  openQueue = function(at)
    local after, prefix, jobs, wait, meta, counter, active, events, marker = readQueue(at)
    local isOpen, add = pcall(addingTo, prefix, jobs, keyAt(wait), keyAt(meta), keyAt(counter), keyAt(active),
      keyAt(events), keyAt(marker))
    queues[tonumber(wait)] = isOpen and add
    return after
  end

  writeTo = function(sink, how, id, kind, json)
    if sink == 0 or refused[sink] then return false end
    local add = queues[sink]
    local isWritten
    if add == nil then isWritten = type(appendTo(keyAt(sink), how, 'id', id, 'type', kind, 'event', json)) == 'string'
    else isWritten = add and pcall(add, id, kind, json, how, timestamp) end
    refused[sink] = not isWritten
    return isWritten
  end
end
