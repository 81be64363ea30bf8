-- Filters members by whether a sorted set contains them.
-- KEY set
-- ARG members  each followed by a blank
-- RETURN the contained ones, in the same order
-- COST O(members)

local asked, found = {}, {}
for member in string.gmatch(members, '[^ ]+') do asked[#asked + 1] = member end
for index, score in ipairs(redis.call('ZMSCORE', set, unpack(asked))) do
  if score then found[#found + 1] = asked[index] end
end
return found
