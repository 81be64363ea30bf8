// Owns: reading and changing the records of subscriptions in Redis. Every change increments the version in the same
// step.
import { createHash } from 'node:crypto'
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { servedBy } from '../replication/master-of-key.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { defineScript } from '../lua/define-script.ts'
import { formatRecord, isDeclared, parseRecord, type SubscriptionRecord } from './subscription-record.ts'

/** Each lost race means that another change succeeded, so this many in a row are a fault. */
const MAX_TRIES = 50

/** A caller, and the limit of subscriptions that it created. */
export type Creator = { name: string; maxSubscriptions: number }

type ChangeOptions = {
  creator?: Creator | undefined
  /** An announcement that is stored in the same step: a field and its value. */
  announcement?: [id: string, text: string] | undefined
}

/** By name; undefined = deleted. */
export type Records = ReadonlyMap<string, SubscriptionRecord | undefined>
type Known = ReadonlyMap<string, SubscriptionRecord>
type Versioned = { version: string; records: Records }

export type RecordStore = {
  read(name: string): Promise<SubscriptionRecord | undefined>
  /**
   * `decide` gets the current record and answers the next one, `null` to remove it, or `undefined` to leave it. It runs
   * again after a lost race. A new record counts for `options.creator`; rejects with SUBSCRIPTION_LIMIT when that
   * caller's limit is reached.
   */
  change(
    name: string,
    decide: (known: SubscriptionRecord | undefined) => SubscriptionRecord | null | undefined,
    options?: ChangeOptions,
  ): Promise<{ before: SubscriptionRecord | undefined; after: SubscriptionRecord | undefined }>
  version(): Promise<string>
  /** A value that changes when another server answers, which may lack records that were read before. */
  server(): Promise<unknown>
  /** An unchanged record keeps its object in `known`. */
  readAll(known: Known): Promise<Versioned>
  /** The records that changed after this version; undefined when these are not known. */
  readChanges(since: string): Promise<Versioned | undefined>
}

export type SubscriptionKeys = Pick<
  PlatformKeys,
  'subscriptions' | 'subscriptionsVersion' | 'subscriptionChanges' | 'subscriptionCreators' | 'healthAnnouncements'
>

type RecordStoreDeps = {
  redis: RedisConnection
  keys: SubscriptionKeys
  /** A change counts only when enough replicas have it. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

const changeRecord = defineScript({
  name: 'subscriptions/change-record',
  keys: ['subscriptions', 'version', 'changes', 'creators', 'announcements'],
  args: ['name', 'before', 'after', 'counting', 'creator', 'limit', 'announcementId', 'announcement'],
})
const readChanges = defineScript({
  name: 'subscriptions/read-changes',
  keys: ['subscriptions', 'version', 'changes'],
  args: ['since'],
})

export function createRecordStore({ redis, keys, replicas = NO_REPLICA_BARRIER }: RecordStoreDeps): RecordStore {
  const readKeys = {
    subscriptions: keys.subscriptions,
    version: keys.subscriptionsVersion,
    changes: keys.subscriptionChanges,
  }
  const changedKeys = { ...readKeys, creators: keys.subscriptionCreators, announcements: keys.healthAnnouncements }
  return {
    read: (name) =>
      guardStore(async () => {
        const text = await redis.hget(keys.subscriptions, name)
        return text === null ? undefined : parseRecord(text)
      }),

    change: (name, decide, { creator, announcement: [announcementId, announced] = ['', ''] } = {}) =>
      guardStore(async () => {
        for (let tries = 0; tries < MAX_TRIES; tries += 1) {
          const text = await redis.hget(keys.subscriptions, name)
          const before = text === null ? undefined : parseRecord(text)
          const next = decide(before)
          if (next === undefined) return { before, after: before }
          const asked = {
            ...changedKeys,
            name,
            before: text ?? '',
            after: next === null ? '' : formatRecord(next),
            ...countingOf({ isNew: before === undefined, next, creator }),
            announcementId,
            announcement: announced,
          }
          const changed = await replicas.confirmed(keys.subscriptions, () => changeRecord(redis, asked))
          if (changed === -1)
            throw new GatewayError('SUBSCRIPTION_LIMIT', 'this key has created as many subscriptions here as it may')
          if (changed === 1) return { before, after: next ?? undefined }
        }
        throw new GatewayError('STORE_UNAVAILABLE', 'others keep changing the subscription', { retry: true })
      }),

    version: () => guardStore(async () => (await redis.get(keys.subscriptionsVersion)) ?? '0'),

    server: () => guardStore(() => servedBy(redis, keys.subscriptions)),

    readChanges: (since) =>
      guardStore(async () => {
        const answer = await readChanges(redis, { ...readKeys, since })
        if (!Array.isArray(answer)) return undefined
        const [version = '', ...fields] = answer.map(String)
        return { version, records: parseRecords(fields) }
      }),

    readAll: (known) =>
      guardStore(async () => {
        const [version, fields] = allSucceeded(
          await redis.multi().get(keys.subscriptionsVersion).hgetall(keys.subscriptions).exec(),
        )
        if (typeof fields !== 'object' || fields === null)
          throw new GatewayError('INTERNAL', 'the subscriptions cannot be read')
        const records = parseRecords(
          Object.entries(fields).flatMap(([name, text]) => [name, String(text)]),
          known,
        )
        return { version: typeof version === 'string' ? version : '0', records }
      }),
  }
}

/** `fields`: name, record, name, record, … */
function parseRecords(fields: readonly string[], known: Known = new Map()): Records {
  const records = new Map<string, SubscriptionRecord | undefined>()
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', text = ''] = [fields[index], fields[index + 1]]
    records.set(name, text === '' ? undefined : parseUnlessKnown(text, known.get(name)))
  }
  return records
}

/** Digests of the texts of parsed records. Storing the texts would double the memory. */
const digests = new WeakMap<SubscriptionRecord, string>()

function parseUnlessKnown(text: string, known: SubscriptionRecord | undefined): SubscriptionRecord {
  const digest = createHash('sha256').update(text).digest('base64')
  if (known && digests.get(known) === digest) return known
  const record = parseRecord(text)
  digests.set(record, digest)
  return record
}

type Change = { isNew: boolean; next: SubscriptionRecord | null; creator: Creator | undefined }

type Counting = { counting: 'begin' | 'end' | 'keep'; creator: string; limit: number }

function countingOf({ isNew, next, creator }: Change): Counting {
  const end: Counting = { counting: 'end', creator: '', limit: 0 }
  if (next === null || next.deleting === true) return end
  if (isDeclared(next)) return end
  if (!isNew) return { ...end, counting: 'keep' }
  return creator ? { counting: 'begin', creator: creator.name, limit: creator.maxSubscriptions } : end
}
