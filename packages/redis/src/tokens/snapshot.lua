-- `snapshot(meta, tokenKey)`: {now, token or '', expiresAtMs, lifetimeSeconds, version, refreshedAtMs}, as
-- `parseSnapshot` reads it.
-- INCLUDE lua/now

local function snapshot(meta, tokenKey)
  local fields = redis.call('HMGET', meta, 'expiresAtMs', 'lifetimeSeconds', 'version', 'refreshedAtMs')
  local token = redis.call('GET', tokenKey) or ''
  return { text(now), token, fields[1] or '0', fields[2] or '0', fields[3] or '0', fields[4] or '0' }
end
