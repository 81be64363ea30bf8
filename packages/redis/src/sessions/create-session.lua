-- Creates a session.
-- KEY record       hash of the session
-- KEY sessions     sorted set of all by time of creation
-- KEY ofReference  those of the reference
-- KEY ofAccount    those of the account; `sessions` again when no account is given
-- KEY byExpiry     those whose time is not over, by its end
-- ARG id
-- ARG lifeSeconds
-- ARG hasAccount   '1' or ''
-- MORE ARGS fields  field, value … of the record
-- RETURN {createdAtMs, expiresAtMs}, or false = there are too many
-- INCLUDE sessions/session-index
-- COST O(log(sessions)), and what has left the indexes

-- Of one platform, at a time.
local MAX_SESSIONS = 1000000
-- For one account: a right that is narrowed to a few never takes the others' room.
local MAX_OF_ACCOUNT = 10000
-- How long a session is kept after its end.
local KEPT_SECONDS = 30 * 86400
local known = redis.call('HMGET', record, 'createdAtMs', 'expiresAtMs')
-- Sent twice by the driver after a lost reply.
if known[1] then return known end
if countIn(sessions) >= MAX_SESSIONS then return false end
if hasAccount == '1' and countIn(ofAccount) >= MAX_OF_ACCOUNT then return false end
local expiresAt = now + tonumber(lifeSeconds) * 1000
-- To the microsecond: lists are in the order of creation, also of what one caller creates within a millisecond.
local createdAt = string.format('%.3f', tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000)
redis.call('HSET', record, 'status', 'open', 'createdAtMs', createdAt, 'expiresAtMs', text(expiresAt),
  unpack(ARGV, fields))
redis.call('PEXPIREAT', record, text(expiresAt + KEPT_SECONDS * 1000))
index(sessions, id, createdAt)
index(ofReference, id, createdAt)
if hasAccount == '1' then index(ofAccount, id, createdAt) end
redis.call('ZADD', byExpiry, text(expiresAt), id)
redis.call('EXPIRE', byExpiry, INDEX_SECONDS)
return { createdAt, text(expiresAt) }
