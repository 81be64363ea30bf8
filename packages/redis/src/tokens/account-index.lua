-- The index of accounts by status, permission sets and names. Accounts with the same status and sets are a group: an
-- installation has some hundreds of groups, however many accounts it has.
-- - `regroup(authorizer, groups, members, appid)`: moves the account to the group of its status and sets.
-- - `rename(authorizer, names, appid, nick, principal)`: indexes the account by these two names; '' = none.
-- INCLUDE tokens/history

local function regroup(authorizer, groups, members, appid)
  local known = redis.call('HMGET', authorizer, 'status', 'funcInfo', 'group')
  if not known[1] then return end
  local ids = setsOf(known[2])
  for index, id in ipairs(ids) do ids[index] = text(id) end
  local name = known[1] .. ' ' .. table.concat(ids, ',')
  local group = redis.call('HGET', groups, name)
  if group and group == known[3] then return end
  if known[3] then
    redis.call('ZREM', members, known[3] .. ' ' .. appid)
    if #redis.call('ZRANGEBYLEX', members, '[' .. known[3] .. ' ', '(' .. known[3] .. '!', 'LIMIT', 0, 1) == 0 then
      local left = redis.call('HGET', groups, '#' .. known[3])
      redis.call('HDEL', groups, '#' .. known[3], left or '')
    end
  end
  if not group then
    group = text(redis.call('HINCRBY', groups, '#', 1))
    redis.call('HSET', groups, name, group, '#' .. group, name)
  end
  redis.call('ZADD', members, 0, group .. ' ' .. appid)
  redis.call('HSET', authorizer, 'group', group)
end
local function rename(authorizer, names, appid, nick, principal)
  local function member(kind, name) return name .. '\0' .. kind .. '\0' .. appid end
  local function forget(kind, name) if name ~= '' then redis.call('ZREM', names, member(kind, name)) end end
  local function add(kind, name) if name ~= '' then redis.call('ZADD', names, 0, member(kind, name)) end end
  local before = redis.call('HGET', authorizer, 'names')
  local both = nick .. '\0' .. principal
  if before == both then return end
  if before then
    local at = string.find(before, '\0', 1, true)
    forget('nick', string.sub(before, 1, at - 1))
    forget('principal', string.sub(before, at + 1))
  end
  add('nick', nick)
  add('principal', principal)
  redis.call('HSET', authorizer, 'names', both)
end
