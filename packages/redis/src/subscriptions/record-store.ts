// Owns: reading and changing the records of subscriptions in Redis; every change counts the version up in the same step.
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { runScript, script } from '../script.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { formatRecord, parseRecord, type SubscriptionRecord } from './subscription-record.ts'

/**
 * Changes a record only if nobody else did since it was read.
 * KEYS: subscriptions, version
 * ARGV: name, record as read or '', record to write or '' to remove
 * -> 1 changed, 0 somebody else was first
 */
const change = script(`
local known = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if known ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('INCR', KEYS[2])
return 1
`)

/** Each loss means that another change was made: so many in a row are a fault, not a race. */
const MAX_TRIES = 50

export type RecordStore = {
  read(name: string): Promise<SubscriptionRecord | undefined>
  /**
   * `decide` sees the record as it is and answers the next one, `null` to remove it, `undefined` to leave it.
   * It runs again after a lost race.
   */
  change(
    name: string,
    decide: (known: SubscriptionRecord | undefined) => SubscriptionRecord | null | undefined,
  ): Promise<{ before: SubscriptionRecord | undefined; after: SubscriptionRecord | undefined }>
  version(): Promise<string>
  readAll(): Promise<{ version: string; records: SubscriptionRecord[] }>
}

export type RecordStoreDeps = {
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'subscriptions' | 'subscriptionsVersion'>
  /** A change counts only when enough replicas have it. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

export function createRecordStore({ redis, keys, replicas = NO_REPLICA_BARRIER }: RecordStoreDeps): RecordStore {
  const scriptKeys = [keys.subscriptions, keys.subscriptionsVersion]
  return {
    read: (name) =>
      guardStore(async () => {
        const text = await redis.hget(keys.subscriptions, name)
        return text === null ? undefined : parseRecord(text)
      }),

    change: (name, decide) =>
      guardStore(async () => {
        for (let tries = 0; tries < MAX_TRIES; tries += 1) {
          const text = await redis.hget(keys.subscriptions, name)
          const before = text === null ? undefined : parseRecord(text)
          const next = decide(before)
          if (next === undefined) return { before, after: before }
          const written = next === null ? '' : formatRecord(next)
          const write = () => runScript(redis, change, { keys: scriptKeys, args: [name, text ?? '', written] })
          if ((await replicas.confirmed(keys.subscriptions, write)) === 1) {
            return { before, after: next ?? undefined }
          }
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
