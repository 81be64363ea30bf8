// Owns: reading and changing the records of subscriptions in Redis; every change counts the version up in the same step.
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { runScript, script } from '../script.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { formatRecord, parseRecord, type SubscriptionRecord } from './subscription-record.ts'

/**
 * Changes a record only if nobody else did since it was read. Each subscription has a place among those that its creator may
 * have: taken with the record's first version, freed with its end.
 * KEYS: subscriptions, version, creators
 * ARGV: name, record as read or '', record to write or '' to remove, 'take' | 'free' | 'keep', creator, its places
 * -> 1 changed, 0 somebody else was first, -1 the creator has no place left
 */
const change = script(`
local known = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if known ~= ARGV[2] then return 0 end
if ARGV[4] == 'take' then
  local taken, creators = 0, redis.call('HGETALL', KEYS[3])
  for index = 1, #creators, 2 do
    if creators[index + 1] == ARGV[5] then
      -- Left behind by a process that knows nothing of creators.
      if redis.call('HEXISTS', KEYS[1], creators[index]) == 0 then redis.call('HDEL', KEYS[3], creators[index]) else taken = taken + 1 end
    end
  end
  if taken >= tonumber(ARGV[6]) then return -1 end
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[5])
elseif ARGV[4] == 'free' then
  redis.call('HDEL', KEYS[3], ARGV[1])
end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('INCR', KEYS[2])
return 1
`)

/** Each loss means that another change was made: so many in a row are a fault, not a race. */
const MAX_TRIES = 50

/** A caller, and how many subscriptions that it created may exist. */
export type Creator = { name: string; maxSubscriptions: number }

export type RecordStore = {
  read(name: string): Promise<SubscriptionRecord | undefined>
  /**
   * `decide` sees the record as it is and answers the next one, `null` to remove it, `undefined` to leave it.
   * It runs again after a lost race. A record that is new counts for `creator`; rejects with SUBSCRIPTION_LIMIT when that has no
   * place left. Who changes it later makes no difference.
   */
  change(
    name: string,
    decide: (known: SubscriptionRecord | undefined) => SubscriptionRecord | null | undefined,
    creator?: Creator,
  ): Promise<{ before: SubscriptionRecord | undefined; after: SubscriptionRecord | undefined }>
  version(): Promise<string>
  readAll(): Promise<{ version: string; records: SubscriptionRecord[] }>
}

export type SubscriptionKeys = Pick<PlatformKeys, 'subscriptions' | 'subscriptionsVersion' | 'subscriptionCreators'>

export type RecordStoreDeps = {
  redis: RedisConnection
  keys: SubscriptionKeys
  /** A change counts only when enough replicas have it. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

export function createRecordStore({ redis, keys, replicas = NO_REPLICA_BARRIER }: RecordStoreDeps): RecordStore {
  const scriptKeys = [keys.subscriptions, keys.subscriptionsVersion, keys.subscriptionCreators]
  return {
    read: (name) =>
      guardStore(async () => {
        const text = await redis.hget(keys.subscriptions, name)
        return text === null ? undefined : parseRecord(text)
      }),

    change: (name, decide, creator) =>
      guardStore(async () => {
        for (let tries = 0; tries < MAX_TRIES; tries += 1) {
          const text = await redis.hget(keys.subscriptions, name)
          const before = text === null ? undefined : parseRecord(text)
          const next = decide(before)
          if (next === undefined) return { before, after: before }
          const written = next === null ? '' : formatRecord(next)
          const place = placeOf({ isNew: before === undefined, next, creator })
          const args = [name, text ?? '', written, ...place]
          const changed = await replicas.confirmed(keys.subscriptions, () => runScript(redis, change, { keys: scriptKeys, args }))
          if (changed === -1) throw new GatewayError('SUBSCRIPTION_LIMIT', 'this key has created as many subscriptions here as it may')
          if (changed === 1) return { before, after: next ?? undefined }
        }
        throw new GatewayError('STORE_UNAVAILABLE', 'others keep changing the subscription', { retry: true })
      }),

    version: () => guardStore(async () => (await redis.get(keys.subscriptionsVersion)) ?? '0'),

    readAll: () =>
      guardStore(async () => {
        const [version, texts] = allSucceeded(
          await redis.multi().get(keys.subscriptionsVersion).hvals(keys.subscriptions).exec(),
        )
        if (!Array.isArray(texts)) throw new GatewayError('INTERNAL', 'the subscriptions cannot be read')
        return { version: typeof version === 'string' ? version : '0', records: texts.map((text) => parseRecord(String(text))) }
      }),
  }
}

type Change = { isNew: boolean; next: SubscriptionRecord | null; creator: Creator | undefined }

function placeOf({ isNew, next, creator }: Change): [what: 'take' | 'free' | 'keep', caller: string, places: number] {
  if (next === null || next.deleting === true) return ['free', '', 0]
  if (!isNew) return ['keep', '', 0]
  return creator ? ['take', creator.name, creator.maxSubscriptions] : ['free', '', 0]
}
