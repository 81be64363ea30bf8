-- `keyAt(place)`: the key at this index, from 1, of the script's list of keys `others`.
local function keyAt(place) return KEYS[others + place - 1] end
