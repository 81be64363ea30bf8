// Owns: the scripts on the order of one subscription's deliveries. Its keys and those of its queue have one hash tag.
import { script } from '../script.ts'

/** Longer than from a delivery's joining to its job, also when the worker was killed in between (16 s). */
const NEW_US = 30_000_000

/**
 * What all of them have, and begin with.
 * KEYS: order, places, the queue's failed jobs, its delayed jobs
 * ARGV: prefix of the queue's keys, from which score in the delayed jobs on one waits for others
 *
 * Places come from Redis' clock, and never twice: they sort as texts. `first` passes over those whose job is not there or has failed, unless
 * they came a moment ago; answers the id, and whether its job still waits for others.
 */
const ORDER_LUA = `
local order, places, failed, delayed = unpack(KEYS)
local prefix, waitsFrom = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]

local function remove(member, id)
  redis.call('ZREM', order, member)
  redis.call('HDEL', places, id, 'clock ' .. id)
  if redis.call('ZCARD', order) == 0 then redis.call('DEL', places) end
end

local function first(key)
  while true do
    local member = redis.call('ZRANGEBYLEX', order, '[' .. key .. ' ', '(' .. key .. '!', 'LIMIT', 0, 1)[1]
    if not member then return '', false end
    local place, id = string.match(member, '^%S+ (%d+) (.+)$')
    local isGone = redis.call('EXISTS', prefix .. id) == 0 and nowUs - tonumber(place) > ${NEW_US}
    if not isGone and not redis.call('ZSCORE', failed, id) then
      return id, tonumber(redis.call('ZSCORE', delayed, id) or 0) > waitsFrom
    end
    remove(member, id)
  end
end

local function join(key, id)
  local known = redis.call('HGET', places, id)
  if known and string.sub(known, 1, #key + 1) == key .. ' ' then return end
  -- What the subscription orders by has changed.
  if known then remove(known, id) end
  local place = math.max(nowUs, tonumber(redis.call('HGET', places, '') or 0) + 1)
  local member = string.format('%s %016.0f %s', key, place, id)
  redis.call('HSET', places, '', string.format('%.0f', place), id, member)
  redis.call('ZADD', order, 0, member)
end
`

/**
 * ARGV: … then for each delivery: key, id
 * -> for each the id of the first of its key
 */
export const joinAll = script(`${ORDER_LUA}
local answers = {}
for at = 3, #ARGV, 2 do
  first(ARGV[at])
  join(ARGV[at], ARGV[at + 1])
end
for at = 3, #ARGV, 2 do answers[#answers + 1] = first(ARGV[at]) end
return answers
`)

/**
 * ARGV: … then for each delivery: key, id
 * -> the ids of those that wait although they are the first
 */
export const settleAll = script(`${ORDER_LUA}
local answers = {}
for at = 3, #ARGV, 2 do
  local id = ARGV[at + 1]
  local member = redis.call('HGET', places, id)
  if member and redis.call('EXISTS', prefix .. id) == 0 then remove(member, id) end
  local now, waits = first(ARGV[at])
  if waits then answers[#answers + 1] = now end
end
return answers
`)

/**
 * ARGV: … key, id
 * -> the id of the first, '1' = it waits although it is the first, the clock of this one or ''
 */
export const enterOne = script(`${ORDER_LUA}
join(ARGV[3], ARGV[4])
local id, waits = first(ARGV[3])
return {id, waits and '1' or '', redis.call('HGET', places, 'clock ' .. ARGV[4]) or ''}
`)

/**
 * ARGV: … key, id
 * -> the id of who is the first now, if it waits; ''
 */
export const leaveOrder = script(`${ORDER_LUA}
local member = redis.call('HGET', places, ARGV[4])
if member then remove(member, ARGV[4]) end
local id, waits = first(ARGV[3])
return waits and id or ''
`)

/**
 * ARGV: … key to begin behind ('' = the first), how many keys
 * -> the last key, '' = there are no more; then the ids of those that wait although they are the first
 */
export const mendOrder = script(`${ORDER_LUA}
local answers = {''}
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3] .. '!'
for _ = 1, ARGV[4] do
  local member = redis.call('ZRANGEBYLEX', order, from, '+', 'LIMIT', 0, 1)[1]
  if not member then
    answers[1] = ''
    return answers
  end
  local key = string.match(member, '^%S+')
  local id, waits = first(key)
  if waits then answers[#answers + 1] = id end
  answers[1], from = key, '(' .. key .. '!'
end
return answers
`)
