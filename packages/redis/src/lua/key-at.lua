-- `keyAt(place)`: the key at a place in the script's list of keys `others`, from 1.
local function keyAt(place) return KEYS[others + place - 1] end
