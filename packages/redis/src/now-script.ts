// Owns: the time in scripts: by Redis' clock, since those of two processes differ.

/** Lua: `now` in milliseconds, and `text(number)`, which writes a large number without an exponent. */
export const NOW_LUA = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
`
