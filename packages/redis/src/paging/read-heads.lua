-- Reads the newest entries of many sorted sets at once.
-- KEY tagged    one of the sets: only for its hash tag
-- ARG prefix    of the sets' keys
-- ARG minScore
-- EACH ARG max    highest score
-- EACH ARG count  how many entries beside those of just that score
-- EACH ARG names  of sets, each followed by a blank
-- RETURN in turn: which set, counted over all of them from 0, and its members and scores, newest first; nothing of an
--   empty one
-- COST O(sets * log(entries) + entries)

local answers, place = {}, 0
for _, max, count, names in each() do
  for name in string.gmatch(names, '[^ ]+') do
    local key = prefix .. name
    -- Some of the highest score may have been read before; the caller knows which.
    local again = max == '+inf' and 0 or redis.call('ZCOUNT', key, max, max)
    local read = redis.call('ZREVRANGEBYSCORE', key, max, minScore, 'WITHSCORES', 'LIMIT', 0, again + count)
    if #read > 0 then
      answers[#answers + 1] = place
      answers[#answers + 1] = read
    end
    place = place + 1
  end
end
return answers
