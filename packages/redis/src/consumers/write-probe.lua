-- Writes a key beside the log, to find out whether a script on the log's keys reaches it, and may use the keys of a
-- queue or a stream. The keys may have two hash tags.
-- KEY home           any of the log: only for its hash tag
-- KEY probe
-- MORE KEYS others   of the queue or stream
-- ARG lifeMs         of the probe
-- RETURN OK
-- INCLUDE lua/key-at
-- COST O(others)

for place = 1, #KEYS - others + 1 do redis.call('EXISTS', keyAt(place)) end
return redis.call('SET', probe, '1', 'PX', lifeMs)
