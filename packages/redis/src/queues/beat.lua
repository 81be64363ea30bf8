-- Notes that a worker is alive, and forgets those that have been silent.
-- KEY workers      sorted set by last heartbeat
-- ARG worker
-- ARG deadAfterMs  of silence
-- ARG lifeMs       of the set
-- RETURN all that are alive
-- INCLUDE lua/now
-- COST O(workers)

redis.call('ZREMRANGEBYSCORE', workers, '-inf', string.format('%.0f', now - deadAfterMs))
redis.call('ZADD', workers, string.format('%.0f', now), worker)
redis.call('PEXPIRE', workers, lifeMs)
return redis.call('ZRANGE', workers, 0, -1)
