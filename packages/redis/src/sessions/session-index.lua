-- Indexes of sessions.
-- - `countIn(key)`: the number of sessions in an index, after trimming those that have expired in Redis.
-- - `index(key, id, createdAt)`: adds a session to an index.
-- INCLUDE lua/now

-- Longer than any session is stored: its longest life, and the 30 days after its end.
local INDEX_SECONDS = 61 * 86400
local function countIn(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - INDEX_SECONDS * 1000))
  return redis.call('ZCARD', key)
end
local function index(key, id, createdAt)
  countIn(key)
  redis.call('ZADD', key, createdAt, id)
  redis.call('EXPIRE', key, INDEX_SECONDS)
end
