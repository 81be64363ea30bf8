-- The time of Redis' clock, because the clocks of two processes differ.
-- `now`: in milliseconds. `time`: seconds and microseconds, as texts. `text(number)`: a large number without an
-- exponent.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
