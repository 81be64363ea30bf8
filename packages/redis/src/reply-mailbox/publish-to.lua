-- `publishTo(reply, message)`: publishes to every process that waits for the reply.
local function publishTo(reply, message)
  for _, field in ipairs(redis.call('HKEYS', reply)) do
    if string.sub(field, 1, 2) == 'w:' then redis.call('PUBLISH', string.sub(field, 3), message) end
  end
end
