-- The history of an authorization: which permission sets an account added and removed, when and why.
-- - `setsOf(funcInfo)`: the ids of the permission sets in `func_info` as it is stored, ascending.
-- - `remember(key, entry, before, after)`: adds `entry` (cause, code) with the difference between two lists of ids.
-- - `claimSync(key, entry, before, after, sinceMs)`: a profile that was read between WeChat's change and our exchange
--   has added the change as `sync`. If nothing else has changed, that newest entry becomes `entry`. True: it did.
-- - `editEntry(key, code, edit)`: changes the entry of one authorization code.
-- An entry is JSON: n (counts up), at (ms), cause, added and removed (ids, comma-separated), code (start of the code's
-- SHA-256), unsettled (the sets are not known yet), session, reference.
-- INCLUDE lua/now

-- Entries per account.
local MAX_HISTORY = 100
local function setsOf(funcInfo)
  local ids, seen = {}, {}
  local function add(value)
    local id = tonumber(value)
    if id and id % 1 == 0 and id >= 0 and id < 1e9 and not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  if not funcInfo or funcInfo == '' then return ids end
  if string.sub(funcInfo, 1, 1) ~= '[' then
    for id in string.gmatch(funcInfo, '%d+') do add(id) end
  else
    for _, entry in ipairs(cjson.decode(funcInfo)) do
      local category = type(entry) == 'table' and entry.funcscope_category
      if type(category) == 'table' then add(category.id) end
    end
  end
  table.sort(ids)
  return ids
end
local function missingFrom(ids, others)
  local known, missing = {}, {}
  for _, id in ipairs(others) do known[id] = true end
  for _, id in ipairs(ids) do if not known[id] then missing[#missing + 1] = text(id) end end
  return table.concat(missing, ',')
end
local function remember(key, entry, before, after)
  local newest = redis.call('LINDEX', key, 0)
  entry.n = newest and cjson.decode(newest).n + 1 or 1
  entry.at = text(now)
  entry.added, entry.removed = missingFrom(after, before), missingFrom(before, after)
  redis.call('LPUSH', key, cjson.encode(entry))
  redis.call('LTRIM', key, 0, MAX_HISTORY - 1)
end
local function claimSync(key, entry, before, after, sinceMs)
  local written = redis.call('LINDEX', key, 0)
  local newest = written and cjson.decode(written)
  if not newest or newest.cause ~= 'sync' or newest.unsettled or tonumber(newest.at) < sinceMs then return false end
  if missingFrom(after, before) ~= missingFrom(before, after) then return false end
  newest.cause, newest.code = entry.cause, entry.code
  redis.call('LSET', key, 0, cjson.encode(newest))
  return true
end
local function editEntry(key, code, edit)
  for index, written in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local entry = cjson.decode(written)
    if entry.code == code then
      edit(entry)
      redis.call('LSET', key, index - 1, cjson.encode(entry))
      return
    end
  end
end
