// Owns: many authorizers in a Redis: the product's own stores write one, and a script copies its keys with values of
// the same length.
import { randomBytes } from 'node:crypto'
import { connectRedis, createAuthorizerStore, createRefreshSchedule, createSealer, platformKeys } from '@wxgw/redis'
import { parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import { standaloneSettings } from '../../test/dist/helpers/redis-settings.js'

const CHUNK = 10_000
/** The example of WeChat's documentation, with twenty permission sets. */
const FUNC_INFO = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 20, 22, 23, 24, 26, 27].map((id) => ({
  funcscope_category: { id },
}))

/** ARGV: the template's appid, the first number, the count. Copies all keys of the template under other names. */
const MULTIPLY = `
local template, from, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local fields = redis.call('HGETALL', KEYS[1] .. template)
local token, ttl = redis.call('GET', KEYS[2] .. template), redis.call('PTTL', KEYS[2] .. template)
local now = tonumber(redis.call('TIME')[1]) * 1000
for number = from, from + count - 1 do
  local appid = string.format('wx%016x', number)
  redis.call('HSET', KEYS[1] .. appid, unpack(fields))
  redis.call('SET', KEYS[2] .. appid, token, 'PX', ttl)
  redis.call('ZADD', KEYS[3], now + 3600000 + number % 3600000, appid)
  redis.call('ZADD', KEYS[4], 0, appid)
  redis.call('HSET', KEYS[5], string.format('gh_%012x', number), appid)
end
return count
`

/** `server`: see redis-server.mjs. Nothing else may write to it. */
export async function createAuthorizers(server) {
  const redis = connectRedis(standaloneSettings(server.url), 'commands', () => {})
  await new Promise((resolve) => redis.once('ready', resolve))
  const keys = platformKeys('open1')
  const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }])
  const template = parseAuthorizerAppId('wxffffffffffffffff')
  await makeTemplate(createAuthorizerStore({ platform: 'open1', redis, keys, sealer }), template)
  const scriptKeys = [keys.authorizer(''), keys.accessToken(''), keys.due, keys.authorizers, keys.userNames]
  let stored = 0

  return {
    schedule: createRefreshSchedule({ redis, keys }),
    /** Adds authorizers up to `count`. Returns the bytes of Redis per new one. */
    async growTo(count) {
      const before = await server.usedBytes()
      const added = count - stored
      while (stored < count) {
        const chunk = Math.min(CHUNK, count - stored)
        await server.client.eval(MULTIPLY, scriptKeys.length, ...scriptKeys, template, stored + 1, chunk)
        stored += chunk
      }
      return Math.round(((await server.usedBytes()) - before) / added)
    },
    /** Makes `count` of them due, spread evenly. */
    async makeDue(count) {
      const step = Math.max(1, Math.floor(stored / count))
      const appIds = Array.from(
        { length: count },
        (_, index) => `wx${(index * step + 1).toString(16).padStart(16, '0')}`,
      )
      await server.client.zadd(keys.due, ...appIds.flatMap((appId) => [String(Date.now() - 60_000), appId]))
    },
    parts: () => partsOf({ client: server.client, keys, appId: template }),
    close: () => redis.disconnect(),
  }
}

/** An account after authorization, profile and one scheduled refresh. */
async function makeTemplate(store, appId) {
  const refreshToken = () => new Secret(`refreshtoken@@@${randomBytes(32).toString('base64url')}`)
  const accessToken = () => new Secret(`${randomBytes(1).toString('hex')}_${randomBytes(100).toString('base64url')}`)
  await store.saveAuthorization({
    appId,
    codeHash: randomBytes(32).toString('hex'),
    owner: 'bench',
    createTimeSeconds: Math.floor(Date.now() / 1000),
    accessToken: { token: accessToken(), lifetimeSeconds: 7200, elapsedMs: 80 },
    refreshToken: refreshToken(),
    funcInfo: FUNC_INFO,
    dueInMs: 6_000_000,
  })
  const profile = {
    nick_name: '一家普通的公众号名称',
    user_name: 'gh_0123456789ab',
    principal_name: '深圳市某某某科技有限公司',
    head_img: `http://wx.qlogo.cn/mmopen/${randomBytes(66).toString('base64url')}/0`,
    service_type: 2,
    verify_type: 0,
    isMiniProgram: false,
  }
  await store.saveProfile(appId, profile, FUNC_INFO)
  const claim = await store.claim(appId, { owner: 'bench', leaseMs: 10_000, seenVersion: undefined })
  if (claim.kind !== 'claimed') throw new Error(`the claim answered ${claim.kind}`)
  const { fence, material } = claim
  const issued = {
    owner: 'bench',
    fence,
    generation: material.generation,
    token: accessToken(),
    newRefreshToken: undefined,
  }
  await store.commit(appId, { ...issued, lifetimeSeconds: 7200, elapsedMs: 80, dueInMs: 6_000_000 })
}

/** Bytes of the keys of one authorizer, by MEMORY USAGE. Shared sorted sets and hashes are in the total only. */
async function partsOf({ client, keys, appId }) {
  const usage = (key) => client.call('MEMORY', 'USAGE', key)
  const fields = await client.hgetall(keys.authorizer(appId))
  const lengths = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Buffer.byteLength(value)]))
  return {
    hash: await usage(keys.authorizer(appId)),
    accessToken: await usage(keys.accessToken(appId)),
    fieldLengths: lengths,
  }
}
