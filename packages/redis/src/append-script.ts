// Owns: the part that scripts have which append to streams.

/** `appendTo(stream, most, field, value …)`: the entry's id, or the error; of the stream, `most` entries remain ('' = all). */
export const APPEND_TO = `
local function appendTo(stream, most, ...)
  if most == '' then return redis.pcall('XADD', stream, '*', ...) end
  return redis.pcall('XADD', stream, 'MAXLEN', most, '*', ...)
end
`
