-- Writes the number of shards at the first start of an installation.
-- KEY count
-- KEY before        exists as long as shard 0 is searched for events of earlier versions
-- ARG configured
-- ARG rememberedMs  for which shard 0 is searched, '' = there are no such events
-- RETURN the number of the installation, ms for which shard 0 is searched
-- COST O(1)

local known = redis.call('GET', count)
if not known then
  redis.call('SET', count, configured)
  if rememberedMs ~= '' then redis.call('SET', before, '1', 'PX', rememberedMs) end
end
return {known or configured, redis.call('PTTL', before)}
