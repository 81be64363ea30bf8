-- Writes the number of shards at the first start of an installation.
-- KEY count
-- KEY before        exists as long as events of before are looked for
-- ARG configured
-- ARG rememberedMs  for which they are looked for, '' = there are none
-- RETURN the number of the installation, ms for which events of before are looked for
-- COST O(1)

local known = redis.call('GET', count)
if not known then
  redis.call('SET', count, configured)
  if rememberedMs ~= '' then redis.call('SET', before, '1', 'PX', rememberedMs) end
end
return {known or configured, redis.call('PTTL', before)}
