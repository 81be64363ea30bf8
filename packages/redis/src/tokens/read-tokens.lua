-- Reads tokens of one platform. It returns two strings for each, because the number of strings is most of the cost.
-- EACH KEY meta       hash of the subject
-- EACH KEY tokenKey
-- RETURN for each row: 'status now expiresAtMs lifetimeSeconds version refreshedAtMs', token or ''
-- INCLUDE tokens/snapshot
-- COST O(rows)

local answers = {}
for index, meta, tokenKey in each() do
  local seen = snapshot(meta, tokenKey)
  answers[2 * index] = table.remove(seen, 2)
  answers[2 * index - 1] = table.concat({ redis.call('HGET', meta, 'status') or '', unpack(seen) }, ' ')
end
return answers
