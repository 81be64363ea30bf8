-- `pauseAfter(failures)`: how long a subscription's deliveries pause after so many failures, in ms.
local function pauseAfter(failures) return math.min(failures * 2, 1000) end
