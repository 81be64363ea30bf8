// Owns: many accounts, links and events in a Redis, written by the product's own stores.
import { randomBytes } from 'node:crypto'
import {
  connectRedis,
  createAuthorizerStore,
  createEventLog,
  createMessageShards,
  createSealer,
  createSessionStore,
  platformKeys,
} from '@wxgw/redis'
import { parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import { standaloneSettings } from '../../test/dist/helpers/redis-settings.js'

const PLATFORM = 'open1'
/** Concurrent writes. */
const CONCURRENCY = 500
const MANY_SETS = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11].map((id) => ({ funcscope_category: { id } }))
const FEW_SETS = MANY_SETS.slice(0, 2)
/** One in RARE has the rare status or type that a filter searches. */
export const RARE = 1_000

export const appIdOf = (number) => `wx${number.toString(16).padStart(16, '0')}`
export const userNameOf = (number) => `gh_${number.toString(16).padStart(12, '0')}`
export const openIdOf = (number) => `oUSER${String(number).padStart(23, '0')}`
export const eventIdOf = (number) => `ev_${String(number).padStart(52, '0')}`

/** `sealingKey`: the 32 bytes of the gateway's `SEALING_KEYS`. */
export async function openStores({ url, sealingKey }) {
  const redis = connectRedis(standaloneSettings(url), 'commands', () => {})
  await new Promise((resolve) => redis.once('ready', resolve))
  const keys = platformKeys(PLATFORM)
  const sealer = createSealer([{ id: 'k1', key: sealingKey }])
  return {
    authorizers: createAuthorizerStore({ platform: PLATFORM, redis, keys, sealer }),
    sessions: createSessionStore({ redis, keys }),
    events: createEventLog({ redis, shards: createMessageShards(PLATFORM), eventLogSeconds: 86_400 }),
    close: () => redis.disconnect(),
  }
}

/** All with valid tokens; one in RARE has revoked its authorization. */
export async function storeAccounts({ authorizers }, count) {
  await inParallel(count, async (number) => {
    const appId = parseAuthorizerAppId(appIdOf(number))
    const createTimeSeconds = Math.floor(Date.now() / 1000) - number
    const funcInfo = number % RARE === 0 ? FEW_SETS : MANY_SETS
    await authorizers.saveAuthorization({
      appId,
      codeHash: randomBytes(32).toString('hex'),
      owner: 'bench',
      createTimeSeconds,
      accessToken: { token: new Secret(randomBytes(100).toString('base64url')), lifetimeSeconds: 7200, elapsedMs: 80 },
      refreshToken: new Secret(`refreshtoken@@@${randomBytes(32).toString('base64url')}`),
      funcInfo,
      dueInMs: 6_000_000,
    })
    const profile = {
      nick_name: `客户 ${number}`,
      user_name: userNameOf(number),
      principal_name: `深圳市第${number}号科技有限公司`,
      head_img: `http://wx.qlogo.cn/mmopen/${randomBytes(66).toString('base64url')}/0`,
      service_type: 2,
      verify_type: 0,
      isMiniProgram: number % 2 === 0,
    }
    await authorizers.saveProfile(appId, profile, funcInfo)
    if (number % RARE === 0) await authorizers.revoke(appId, createTimeSeconds + 1)
  })
}

/** One in RARE is cancelled. */
export async function storeLinks({ sessions }, count) {
  await inParallel(count, async (number) => {
    const id = `${'a'.repeat(18)}${number.toString(36).padStart(8, '0')}`
    await sessions.create({
      id,
      reference: `customer ${number}`,
      tags: { shop: String(number) },
      isNarrowed: false,
      expiresInSeconds: 86_400,
    })
    if (number % RARE === 0) await sessions.cancel(id)
  })
}

/**
 * Events of `accounts` accounts in turn, with ten users each, received in the last ten hours. One in RARE is an image
 * with a dead delivery.
 */
export async function storeEvents({ events }, count, { accounts }) {
  const from = Date.now() - 36_000_000
  await inParallel(count, async (number) => {
    const appId = appIdOf(number % accounts)
    const isRare = number % RARE === 0
    const event = eventOf({ number, appId, isRare, atMs: from + (number / count) * 36_000_000 })
    await events.record(event, Date.parse(event.time), ['crm'])
    const made = { status: isRare ? 'dead' : 'delivered', attempts: 1, lastError: isRare ? 'HTTP 500' : undefined }
    if (number % 100 === 0) await events.deliveryChanged({ id: event.id, authorizerappid: appId }, 'crm', made)
  })
}

function eventOf({ number, appId, isRare, atMs }) {
  const subject = openIdOf(number % 10)
  const kind = isRare
    ? { MsgType: 'image', PicUrl: 'http://mmbiz.qpic.cn/x', MediaId: 'm' }
    : { MsgType: 'text', Content: `你好，我想问一下订单 ${number} 什么时候发货` }
  return {
    specversion: '1.0',
    id: eventIdOf(number),
    source: `/wx/${PLATFORM}/${appId}`,
    type: isRare ? 'wechat.message.image' : 'wechat.message.text',
    subject,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    platform: PLATFORM,
    authorizerappid: appId,
    data: {
      ToUserName: userNameOf(number),
      FromUserName: subject,
      CreateTime: String(Math.floor(atMs / 1000)),
      MsgId: String(number),
      ...kind,
    },
  }
}

async function inParallel(count, store) {
  let next = 0
  const work = async () => {
    while (next < count) await store(next++)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
}
