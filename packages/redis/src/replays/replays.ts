// Owns: replays of a subscription: starting, listing, pausing, resuming and cancelling them. replay-runs.ts runs them.
import { randomBytes } from 'node:crypto'
import type { Subscription } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { type PlatformKeys, replayId } from '../keys.ts'
import { decodeCursor, encodeCursor, type Page, readNewestFirst } from '../paging/newest-first.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { allSucceeded, guardStore, hashIn } from '../store-errors.ts'
import { formatItem, formatReplay, parseReplay, type Replay, type ReplayRange } from './replay-record.ts'
import { beginReplay, changeReplay } from './replay-scripts.ts'
import { selectItems } from './replay-selection.ts'

/** Open replays of one platform, paused ones included. */
const MAX_OPEN = 10
/** Stored replays of one subscription, ended ones included. */
const MAX_KEPT = 20
/** Deliveries of one replay: about 32 MB of Redis while it runs. */
const MAX_REPLAYED = 250_000
/** Longer than one part of a selection takes. It is renewed with each part. */
const SELECTING_SECONDS = 600

export type ReplayKeys = Pick<PlatformKeys, 'replay' | 'replayTodo' | 'replayUnderWay' | 'replays' | 'replaysOpen'>
export type ReplayChange = 'pause' | 'resume' | 'cancel'
export type NewReplay = ReplayRange & { ratePerSecond: number }

/** All reject with STORE_UNAVAILABLE. */
export type Replays = {
  /** Rejects with REPLAY_LIMIT when too many are open, or when more is matched than one may deliver. */
  begin(subscription: Subscription, replay: NewReplay): Promise<{ id: string; matched: number }>
  get(subscription: string, id: string): Promise<Replay | undefined>
  /** Newest first, of the last 20 and of at most 7 days after their end. */
  list(subscription: string, page: { limit: number; cursor: string | undefined }): Promise<Page<Replay>>
  /** Safe to repeat until it has ended. */
  change(subscription: string, id: string, change: ReplayChange): Promise<'changed' | 'ended' | 'unknown'>
}

export type ReplaysDeps = {
  platform: string
  redis: RedisConnection
  keys: ReplayKeys
  shards: MessageShards
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
  nowMs(): number
}

/** The keys by their names in the scripts. */
export function keysOfReplay(keys: ReplayKeys, { subscription, id }: Pick<Replay, 'subscription' | 'id'>) {
  return {
    replay: keys.replay(id),
    open: keys.replaysOpen,
    ofSubscription: keys.replays(subscription),
    todo: keys.replayTodo(id),
    underWay: keys.replayUnderWay(id),
  }
}

export function createReplays(deps: ReplaysDeps): Replays {
  const { redis, keys, replicas = NO_REPLICA_BARRIER, nowMs } = deps

  /** An early check before the expensive selection. The script that begins the replay checks again. */
  async function assertRoom(subscription: string): Promise<void> {
    const open = await redis.zrange(keys.replaysOpen, '0', '-1')
    if (open.some((member) => member.startsWith(`${subscription} `))) throw limit('subscription')
    if (open.length >= MAX_OPEN) throw limit('platform')
  }

  async function select(id: string, subscription: Subscription, range: ReplayRange): Promise<void> {
    const todo = keys.replayTodo(id)
    let matched = 0
    for await (const selected of selectItems(deps, subscription, range)) {
      if (selected.length === 0) continue
      matched += selected.length
      if (matched > MAX_REPLAYED) throw limit('matched')
      const members = selected.flatMap(({ item, receivedAtMs }) => [receivedAtMs, formatItem(item)])
      const written = redis.multi().zadd(todo, ...members)
      allSucceeded(await written.expire(todo, SELECTING_SECONDS).exec())
    }
  }

  async function begin(
    id: string,
    subscription: Subscription,
    { ratePerSecond, ...range }: NewReplay,
  ): Promise<number> {
    const { name, createdAtMs: subscribedAtMs } = subscription
    await assertRoom(name)
    await select(id, subscription, range)
    const createdAtMs = nowMs()
    const fields = formatReplay({
      ...range,
      subscription: name,
      subscribedAtMs,
      createdAtMs,
      status: 'running',
      delivered: 0,
      failed: 0,
      ratePerSecond,
    })
    const write = () =>
      beginReplay(redis, {
        ...keysOfReplay(keys, { subscription: name, id }),
        subscription: name,
        id,
        createdAtMs,
        prefix: keys.replay(''),
        maxOpen: MAX_OPEN,
        maxKept: MAX_KEPT,
        fields,
      })
    const answer = await replicas.confirmed(keys.replay(id), write)
    const [outcome, matched] = Array.isArray(answer) ? (answer as unknown[]) : []
    if (outcome !== 'begun') throw limit(outcome === 'platform' ? 'platform' : 'subscription')
    return Number(matched)
  }

  return {
    begin: (subscription, replay) =>
      guardStore(async () => {
        const id = replayId(randomBytes(12).toString('hex'))
        try {
          return { id, matched: await begin(id, subscription, replay) }
        } catch (error) {
          await redis.unlink(keys.replayTodo(id))
          throw error
        }
      }),

    get: (subscription, id) =>
      guardStore(async () => {
        const replay = parseReplay(id, await redis.hgetall(keys.replay(id)))
        return replay?.subscription === subscription ? replay : undefined
      }),

    list: (subscription, page) =>
      guardStore(async () => {
        const after = decodeCursor(page.cursor)
        const places = await readNewestFirst(redis, { key: keys.replays(subscription), after }, page.limit + 1)
        const shown = places.slice(0, page.limit)
        const pipeline = redis.pipeline()
        for (const { member } of shown) pipeline.hgetall(keys.replay(member))
        const hashes = shown.length === 0 ? [] : allSucceeded(await pipeline.exec())
        const items = shown.flatMap(({ member }, index) => parseReplay(member, hashIn(hashes[index])) ?? [])
        const last = places.length > page.limit ? shown.at(-1) : undefined
        return { items, nextCursor: last ? encodeCursor(last) : null }
      }),

    change: (subscription, id, change) =>
      guardStore(async () => {
        const asked = { ...keysOfReplay(keys, { subscription, id }), subscription, id, change }
        const changed = await changeReplay(redis, asked)
        if (changed === 1) return 'changed'
        return changed === 0 ? 'ended' : 'unknown'
      }),
  }
}

/** Removes all replays of a subscription. Safe to repeat. */
export async function clearReplays(redis: RedisConnection, keys: ReplayKeys, subscription: string): Promise<void> {
  const open = (await redis.zrange(keys.replaysOpen, '0', '-1')).filter((member) =>
    member.startsWith(`${subscription} `),
  )
  const ids = new Set([
    ...open.map((member) => member.slice(subscription.length + 1)),
    ...(await redis.zrange(keys.replays(subscription), '0', '-1')),
  ])
  for (const id of ids) await redis.unlink(keys.replay(id), keys.replayTodo(id), keys.replayUnderWay(id))
  if (open.length > 0) await redis.zrem(keys.replaysOpen, ...open)
  await redis.unlink(keys.replays(subscription))
}

const LIMITS = {
  platform: `the platform has ${MAX_OPEN} replays that have not ended`,
  subscription: 'the subscription has a replay that has not ended',
  matched: `more than ${MAX_REPLAYED} deliveries: ask for a shorter time`,
}

function limit(of: keyof typeof LIMITS): GatewayError {
  return new GatewayError('REPLAY_LIMIT', LIMITS[of])
}
