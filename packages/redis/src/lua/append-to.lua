-- `appendTo(stream, maxLength, field, value …)`: appends an entry, and removes the oldest until `maxLength` remain
-- ('' = all). Returns the entry's id, or the error.
local function appendTo(stream, maxLength, ...)
  if maxLength == '' then return redis.pcall('XADD', stream, '*', ...) end
  return redis.pcall('XADD', stream, 'MAXLEN', maxLength, '*', ...)
end
