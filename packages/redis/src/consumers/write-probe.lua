-- Writes a key beside the log, to find out whether a script on the log's keys reaches it. The keys may have two hash
-- tags.
-- KEY home      any of the log: only for its hash tag
-- KEY probe
-- ARG lifeMs    of the probe
-- RETURN OK
-- COST O(1)

return redis.call('SET', probe, '1', 'PX', lifeMs)
