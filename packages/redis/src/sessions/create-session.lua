-- Creates a session.
-- KEY record       hash of the session
-- KEY sessions     sorted set of all sessions by time of creation
-- KEY ofReference  the same, of the reference
-- KEY ofAccount    the same, of the account; without one, any key of the hash tag
-- KEY byExpiry     sorted set of sessions that have not expired, by expiry
-- ARG id
-- ARG lifeSeconds
-- ARG hasAccount   '1' or ''
-- MORE ARGS fields  field, value … of the record
-- RETURN {createdAtMs, expiresAtMs}, or false = there are too many
-- INCLUDE sessions/session-index
-- COST O(log(sessions)), and O(entries that are trimmed from the indexes)

-- Stored sessions of one platform.
local MAX_SESSIONS = 1000000
-- Stored sessions for one account, so that a caller with rights to a few accounts cannot use up the platform's limit.
local MAX_OF_ACCOUNT = 10000
-- How long a session is kept after its end.
local KEPT_SECONDS = 30 * 86400
local known = redis.call('HMGET', record, 'createdAtMs', 'expiresAtMs')
-- A repeat by the driver after a lost reply.
if known[1] then return known end
if countIn(sessions) >= MAX_SESSIONS then return false end
if hasAccount == '1' and countIn(ofAccount) >= MAX_OF_ACCOUNT then return false end
local expiresAt = now + tonumber(lifeSeconds) * 1000
-- To the microsecond: lists keep the order of sessions that were created in the same millisecond.
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
