-- `pauseAfter(failures)`: how long an open breaker refuses attempts after this many failures in a row, in ms.
local function pauseAfter(failures) return math.min(failures * 2, 1000) end
