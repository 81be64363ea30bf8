-- Claims the daily audit for one worker.
-- KEY nextAudit
-- ARG seed
-- RETURN 1 = it is due, else 0
-- INCLUDE lua/now
-- COST O(1)

math.randomseed(tonumber(seed))
local next = redis.call('GET', nextAudit)
if not next then
  -- A random time, so that installations that start together do not call WeChat together.
  redis.call('SET', nextAudit, text(now + 3600000 + math.random() * 82800000))
  return 0
end
if now < tonumber(next) then return 0 end
redis.call('SET', nextAudit, text(now + 86400000))
return 1
