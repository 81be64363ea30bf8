-- `appendTo(stream, most, field, value …)`: appends an entry, and removes the oldest until `most` remain ('' = all).
-- Returns the entry's id, or the error.
local function appendTo(stream, most, ...)
  if most == '' then return redis.pcall('XADD', stream, '*', ...) end
  return redis.pcall('XADD', stream, 'MAXLEN', most, '*', ...)
end
