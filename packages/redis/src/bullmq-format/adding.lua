-- Adds jobs to one queue, as addStandardJob of BullMQ 6.7.0 does. `addingTo(prefix, count, wait, meta, counter, active,
-- events, marker)` returns a function that adds one of `count` jobs: `add(id, name, data, options, timestamp)`. An
-- existing job is not changed. Each job is complete before the next begins: on an error the jobs before it are in the
-- queue. `addingTo` raises an error when a key has another type.
local function addingTo(prefix, count, wait, meta, counter, active, events, marker)
  local call = redis.call
  -- Each key is read before anything is written: an error in the middle of a job would leave a part of it, which a
  -- repeat would take for an added job.
  call('LLEN', wait)
  call('XLEN', events)
  call('ZCARD', marker)
  local running = call('LLEN', active)
  local settings = call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency')
  local maxEvents = settings[1]
  if not maxEvents then
    maxEvents = 10000
    call('HSET', meta, 'opts.maxLenEvents', maxEvents)
  end
  local marked = settings[2] or (settings[3] and running >= tonumber(settings[3]))
  call('INCRBY', counter, count)

  local function event(...)
    call('XADD', events, 'MAXLEN', '~', maxEvents, '*', 'event', ...)
  end

  return function(id, name, data, options, timestamp)
    local key = prefix .. id
    if call('EXISTS', key) == 1 then
      event('duplicated', 'jobId', id)
      return id
    end
    call('HSET', key, 'name', name, 'data', data, 'opts', options, 'timestamp', timestamp, 'delay', 0, 'priority', 0)
    call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', name)
    call('LPUSH', wait, id)
    if not marked then
      call('ZADD', marker, 0, '0')
      marked = true
    end
    event('waiting', 'jobId', id)
    return id
  end
end
