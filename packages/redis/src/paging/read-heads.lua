-- Reads the newest entries of many sorted sets at once.
-- KEY tagged    one of the sets: only for its hash tag
-- ARG prefix    of the sets' keys
-- ARG minScore
-- EACH ARG max    highest score
-- EACH ARG count  how many entries, besides those with exactly the highest score
-- EACH ARG names  of sets, each followed by a blank
-- RETURN in turn: the index of a set, from 0 over all rows, and its members and scores, newest first; empty sets are
--   left out
-- COST O(sets * log(entries) + entries)

local answers, place = {}, 0
for _, max, count, names in each() do
  for name in string.gmatch(names, '[^ ]+') do
    local key = prefix .. name
    -- The caller may have read some entries of the highest score before, and skips them.
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
