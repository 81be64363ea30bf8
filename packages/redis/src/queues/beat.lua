-- Writes a worker's heartbeat, and removes workers without one.
-- KEY workers      sorted set by last heartbeat
-- ARG worker
-- ARG deadAfterMs  without a heartbeat
-- ARG lifeMs       of the set
-- RETURN all live workers
-- INCLUDE lua/now
-- COST O(workers)

redis.call('ZREMRANGEBYSCORE', workers, '-inf', text(now - deadAfterMs))
redis.call('ZADD', workers, text(now), worker)
redis.call('PEXPIRE', workers, lifeMs)
return redis.call('ZRANGE', workers, 0, -1)
