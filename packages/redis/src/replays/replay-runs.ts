// Owns: running a replay: claiming it, taking its due items, and counting their outcomes. One worker at a time runs a
// replay.
import { randomUUID } from 'node:crypto'
import { DeliveryJobSchema, type DeliveryStatus, type GatewayEvent, parserOf } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { deliveryField, jobField, parseEvent, parseState } from '../event-log/logged-event.ts'
import { isJobGone } from '../bullmq-format/job-gone.ts'
import { deliveriesQueue } from '../keys.ts'
import type { Queues } from '../queues/queues.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { parseItem, parseReplay, type Replay } from './replay-record.ts'
import { claimReplay, releaseReplay, settleItem, takeItems } from './replay-scripts.ts'
import { keysOfReplay, type ReplayKeys } from './replays.ts'

export type ItemOutcome = 'delivered' | 'failed' | 'back'

/** `jobId`: of the delivery's job in the subscription's queue, if there is one: waiting, or a dead letter. */
export type ReplayedDelivery = {
  event: GatewayEvent
  receivedAtMs: number
  attempts: number
  status: DeliveryStatus | undefined
  jobId: string
}

export type TakenItems = { status: 'running'; items: string[] } | { status: 'over' }

export type ReplayRun = {
  replay: Replay
  /**
   * Takes at most `limit` items, and not more than `ratePerSecond` allows. Renews the lease for 10 s. `over`: the
   * replay has ended, was paused, or another process runs it.
   */
  take(limit: number, ratePerSecond: number): Promise<TakenItems>
  /** undefined: it is not in the log or the dead letters any more. */
  load(item: string): Promise<ReplayedDelivery | undefined>
  settle(item: string, outcome: ItemOutcome): Promise<void>
  /** Call it after a successful delivery: removes its dead letter or its waiting retry. */
  removeJobs(delivery: ReplayedDelivery): Promise<void>
  /** Removes the replay, because its subscription was deleted. */
  cancel(): Promise<void>
  release(): Promise<void>
}

/** All reject with STORE_UNAVAILABLE. */
export type ReplayRuns = {
  /** The replays that have not ended, paused ones included. */
  open(): Promise<Array<{ subscription: string; id: string }>>
  /** undefined: it does not run, or another process runs it. */
  claim(open: { subscription: string; id: string }): Promise<ReplayRun | undefined>
}

export type ReplayRunsDeps = {
  platform: string
  redis: RedisConnection
  keys: ReplayKeys
  shards: MessageShards
  queues: Pick<Queues, 'open'>
}

/** The lease: the replay of a killed process is claimed by another one after at most this time. */
const OWNED_MS = 10_000

const parseDelivery = parserOf(DeliveryJobSchema)

export function createReplayRuns(deps: ReplayRunsDeps): ReplayRuns {
  const { redis, keys } = deps
  return {
    open: () =>
      guardStore(async () =>
        (await redis.zrange(keys.replaysOpen, '0', '-1')).map((member) => {
          const [subscription = '', id = ''] = member.split(' ')
          return { subscription, id }
        }),
      ),

    claim: ({ subscription, id }) =>
      guardStore(async () => {
        const owner = randomUUID()
        const owned = keysOfReplay(keys, { subscription, id })
        const asked = { owner, ownedMs: OWNED_MS, member: `${subscription} ${id}` }
        if ((await claimReplay(redis, { ...owned, ...asked })) !== 1) return undefined
        const replay = parseReplay(id, await redis.hgetall(keys.replay(id)))
        return replay && runOf(deps, { replay, owner })
      }),
  }
}

function runOf(deps: ReplayRunsDeps, { replay, owner }: { replay: Replay; owner: string }): ReplayRun {
  const { platform, redis, keys, shards, queues } = deps
  const { id, subscription } = replay
  const queue = () => queues.open(deliveriesQueue(platform, subscription))
  const all = keysOfReplay(keys, replay)

  async function loadLogged(eventId: string, index: number): Promise<ReplayedDelivery | undefined> {
    const shard = shards.all()[index]
    if (shard === undefined) return undefined
    const fields = ['event', 'receivedAtMs', deliveryField(subscription), jobField(subscription)]
    const [event, receivedAtMs, state, jobId] = await redis.hmget(shard.event(eventId), ...fields)
    if (!event) return undefined
    const { attempts = 0, status } = state ? parseState(state) : {}
    return { event: parseEvent(event), receivedAtMs: Number(receivedAtMs), attempts, status, jobId: jobId ?? eventId }
  }

  async function loadDead(jobId: string): Promise<ReplayedDelivery | undefined> {
    const job = await queue().getJob(jobId)
    const delivery = job && parseDelivery(job.data)
    if (!delivery) return undefined
    const { event, receivedAtMs, attempts = job.attemptsMade } = delivery
    return { event, receivedAtMs, attempts, status: 'dead', jobId }
  }

  async function remove(jobId: string): Promise<void> {
    const job = await queue().getJob(jobId)
    if (!job || (await job.isActive())) return
    try {
      await job.remove()
    } catch (error) {
      // A worker has fetched it meanwhile.
      if (!isJobGone(error) && !(await job.isActive())) throw error
    }
  }

  return {
    replay,
    take: (limit, ratePerSecond) =>
      guardStore(async () => {
        const asked = { subscription, id, owner, ownedMs: OWNED_MS, limit, perSecond: ratePerSecond }
        const answer = await takeItems(redis, { ...all, ...asked })
        const [status, ...items] = Array.isArray(answer) ? answer.map(String) : []
        return status === 'running' ? { status, items } : { status: 'over' }
      }),

    load: (member) =>
      guardStore(async () => {
        const item = parseItem(member)
        if ('deadJobId' in item) return loadDead(item.deadJobId)
        // The event may have expired from the log meanwhile.
        return (await loadLogged(item.eventId, item.shard)) ?? loadDead(item.eventId)
      }),

    settle: (item, outcome) =>
      guardStore(async () => {
        await settleItem(redis, { ...all, item, outcome })
      }),

    removeJobs: ({ jobId, event }) =>
      guardStore(async () => {
        for (const one of new Set([jobId, event.id])) await remove(one)
      }),

    cancel: () =>
      guardStore(async () => {
        await redis.zrem(keys.replaysOpen, `${subscription} ${id}`)
        await redis.unlink(keys.replay(id), keys.replayTodo(id), keys.replayUnderWay(id))
      }),

    release: () => guardStore(async () => void (await releaseReplay(redis, { replay: all.replay, owner }))),
  }
}
