// Owns: the ways into the queues of one platform. What is taken here is accepted by Redis, de-duplicated and, if secret, sealed.
import { randomBytes, randomUUID } from 'node:crypto'
import {
  type BatchedEvent,
  type ComponentEventJob,
  type FanOutJob,
  type GatewayEvent,
  hasOrder,
  type ProfileJob,
  type ReleaseCheckJob,
  type Subscription,
  type SyncJob,
} from '@wxgw/contracts'
import { type AuthorizerAppId, type Clock, isStoreAway, type Secret, systemClock } from '@wxgw/wechat-core'
import type { EventLog } from '../event-log/event-log.ts'
import { oldPushLifeMs } from '../old-push-life.ts'
import { COMPONENT_EVENTS_QUEUE, MAINTENANCE_QUEUE, MESSAGES_QUEUE, onceIds, PLATFORM_EVENTS_QUEUE, queueKey } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import type { Sealer } from '../sealed.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import type { LaneWriter } from '../ordering/lanes.ts'
import { guardStore } from '../store-errors.ts'
import {
  CONTROL_ATTEMPTS,
  EXCHANGE_ATTEMPTS,
  FAN_OUT_ATTEMPTS,
  jobOptions,
  type PlainJobOptions,
  RELEASE_CHECK_ATTEMPTS,
  SYNC_ATTEMPTS,
} from './job-options.ts'
import type { InboxChoice } from './inbox-choice.ts'
import { createMessageBatches } from './message-batches.ts'
import type { PlainJob, Queues } from './queues.ts'
import type { SyncState, SyncStates } from './sync-states.ts'

export type Acceptance = 'accepted' | 'duplicate'

/**
 * When WeChat made a push, in ms; `unknown` when it does not say so. `ordered`: its order is judged by who handles it, so that
 * its age does not matter.
 */
export type PushMade = number | 'unknown' | 'ordered'

/** Asks the store, and rejects with STORE_UNAVAILABLE when the answer comes later than the asker can wait. */
export type TimeBound = <T>(ask: () => Promise<T>) => Promise<T>

/** `within`: how long the store may take; default, as long as each command may. */
export type Arrival = { receivedAtMs: number; made: PushMade; within?: TimeBound | undefined }

/** The ways into the queues. Each resolves only after Redis has accepted. */
export type Inbox = {
  /**
   * De-duplicated by the event's id for DEDUPE_SECONDS. What is older than that, or may be, is taken only if the event log does
   * not know it, and remembered for EVENT_LOG_SECONDS. `plaintext` is sealed before it leaves the process.
   */
  componentEvent(event: Arrival & { eventId: string; plaintext: string }): Promise<Acceptance>
  /**
   * `queued`: Redis has it, and whoever records it leaves it alone when it is known (event-claims.ts). One whose push
   * waits for a `reply` is a job of its own, which with a single inbox is de-duplicated here as well.
   */
  message(
    event: GatewayEvent,
    arrival: Arrival,
    reply?: { subscription: string; deadlineAtMs: number },
  ): Promise<Acceptance | 'queued'>
  /** An event of the component or of the gateway, on its way to subscriptions. */
  platformEvent(event: GatewayEvent, options?: { receivedAtMs?: number; only?: string; replay?: string }): Promise<Acceptance>
  /** A new delivery of an old event: to all subscriptions that match, or to those of them that are named. */
  replay(event: GatewayEvent, receivedAtMs: number, only?: readonly string[]): Promise<void>
  /** `announce`: the event that waits for the profile, and when its push came. */
  profileWanted(appId: AuthorizerAppId, announce?: { event: GatewayEvent; receivedAtMs: number }): Promise<void>
  /** The code of this event is to be exchanged although its event does not wait for it any longer. */
  exchangeWanted(job: ComponentEventJob): Promise<void>
  /** The release check wants this code exchanged and sent back. The code is sealed before it leaves the process. */
  releaseCheck(check: Arrival & { eventId: string; appId: AuthorizerAppId; openId: string; code: Secret }): Promise<void>
  openReleaseCheckCode(job: ReleaseCheckJob): Secret
  /** The plaintext of a component event that waits in the queue. */
  openComponentEvent(job: ComponentEventJob): string
  sync(): Promise<{ jobId: string }>
  syncState(jobId: string): Promise<SyncState | undefined>
}

export type OrderDeps = {
  lanes: LaneWriter
  subscriptions: { known(): readonly Subscription[] | undefined; all(): Promise<readonly Subscription[]> }
}

export type InboxDeps = {
  platform: string
  /** Over a connection that fails fast. */
  queues: Pick<Queues, 'add' | 'open'>
  /** Of all platforms. */
  inboxes: Pick<InboxChoice, 'put'>
  shards: Pick<MessageShards, 'all'>
  sealer: Sealer
  syncStates: Pick<SyncStates, 'get'>
  events: Pick<EventLog, 'has'>
  /** How long a push is remembered, from its first arrival. */
  dedupeSeconds: number
  /** How long one is that came when it was older than this. */
  eventLogSeconds: number
  /** Events of accounts that one of the subscriptions has an order for go into the account's list. Default: none has. */
  order?: OrderDeps
  /** What waits in a queue is accepted only when enough replicas have it. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
  clock?: Clock
}

type AddedOnce = { data: Payload; id: string; options: PlainJobOptions; ttlMs?: number }

const CONTROL_OPTIONS = jobOptions(CONTROL_ATTEMPTS)
const EXCHANGE_OPTIONS = jobOptions(EXCHANGE_ATTEMPTS)
const FAN_OUT_OPTIONS = jobOptions(FAN_OUT_ATTEMPTS)
/** Not kept when it fails: nobody can use the code any more, and it is a secret. */
const RELEASE_CHECK_OPTIONS = { ...jobOptions(RELEASE_CHECK_ATTEMPTS), removeOnFail: true }
const SYNC_OPTIONS = { ...jobOptions(SYNC_ATTEMPTS), removeOnFail: { count: 100 } }

const unbounded: TimeBound = (ask) => ask()

type Payload = ComponentEventJob | FanOutJob | ProfileJob | ReleaseCheckJob | SyncJob

/**
 * Every way in resolves after Redis has accepted and rejects with STORE_UNAVAILABLE else; a write that timed out may have
 * landed all the same, and is then found to be a duplicate when WeChat pushes again. Profiles and release checks go through
 * the component events' queue: they too must not wait behind messages. What does not open throws INTERNAL.
 */
export function createInbox(deps: InboxDeps): Inbox {
  const { platform, queues, inboxes, order, shards, sealer, syncStates, events, replicas = NO_REPLICA_BARRIER, clock = systemClock } = deps
  const dedupeMs = deps.dedupeSeconds * 1000
  const oldPushMs = oldPushLifeMs(deps)
  const once = onceIds(platform)
  const batches = createMessageBatches({ queues, inboxes, replicas })
  const eventPlace = (eventId: string) => ({ platform, subject: eventId, field: 'component-event' })
  const codePlace = (eventId: string) => ({ platform, subject: eventId, field: 'release-check' })

  const add = (queueName: string, job: PlainJob) =>
    guardStore(() => replicas.confirmed(queueKey(queueName, 'wait'), () => queues.add(queueName, job)))

  /**
   * The deduplication key outlives the job; a job id of each push's own tells by the answer whether it is ours. Sent
   * twice by the driver after a lost reply, the job is found under its id and is still ours.
   */
  async function addOnce(queueName: string, { data, id, options, ttlMs = dedupeMs }: AddedOnce): Promise<Acceptance> {
    const jobId = `${data.kind}-${randomUUID()}`
    const deduplication = { id, ttl: ttlMs }
    const answer = await add(queueName, { id: jobId, name: data.kind, data, options, deduplication })
    return answer === jobId ? 'accepted' : 'duplicate'
  }

  const isOld = (made: PushMade) => made === 'unknown' || (made !== 'ordered' && made < clock.nowMs() - dedupeMs)

  /**
   * Whoever holds an old push can send it again in the second that its nonce names. One that came in time is known by its key for
   * DEDUPE_SECONDS, and by the event log after that. What is old when it comes keeps its key as long as the log would know it, also
   * where there is no log. The key is written with the job: a push is never remembered that is not in the queue.
   */
  async function pushOnce(
    eventId: string,
    { made, within = unbounded }: Pick<Arrival, 'made' | 'within'>,
    add: (ttlMs: number) => Promise<Acceptance>,
  ): Promise<Acceptance> {
    if (!isOld(made)) return within(() => add(dedupeMs))
    return within(async () => ((await events.has(eventId)) ? 'duplicate' : add(oldPushMs)))
  }

  /** Without a time the key lives exactly as long as the job. */
  function addOneAtATime(queueName: string, { data, id, options }: AddedOnce): Promise<string> {
    return add(queueName, { id: `${data.kind}-${randomUUID()}`, name: data.kind, data, options, deduplication: { id } })
  }

  function fanOut(queueName: string, data: FanOutJob, ttlMs = dedupeMs): Promise<Acceptance> {
    const { event, replay, only } = data
    const id = once.fanOut({ eventId: event.id, replay, only })
    return addOnce(queueName, { data, id, options: FAN_OUT_OPTIONS, ttlMs })
  }

  let latest: readonly Subscription[] | undefined

  /** With several masters, that of the subscriptions may be away while the inbox is there. */
  function latestWhileAway(error: unknown): readonly Subscription[] {
    if (latest === undefined || !isStoreAway(error)) throw error
    return latest
  }

  /** False: nobody wants the events of its account in order. */
  async function isInOrder(entry: BatchedEvent, within: TimeBound): Promise<boolean> {
    const account = entry.event.authorizerappid
    if (order === undefined || account === undefined) return false
    const { lanes, subscriptions } = order
    latest = subscriptions.known() ?? (await within(() => subscriptions.all()).catch(latestWhileAway))
    if (!hasOrder(latest, account)) return false
    await within(() => lanes.append({ platform, account }, entry))
    return true
  }

  return {
    async componentEvent({ eventId, plaintext, receivedAtMs, ...arrival }) {
      const sealedPlaintext = sealer.seal(plaintext, eventPlace(eventId))
      const data: ComponentEventJob = { v: 1, kind: 'component-event', platform, eventId, receivedAtMs, sealedPlaintext }
      const id = once.componentEvent(eventId)
      return pushOnce(eventId, arrival, (ttlMs) => addOnce(COMPONENT_EVENTS_QUEUE, { data, id, options: CONTROL_OPTIONS, ttlMs }))
    },

    async message(event, { receivedAtMs, ...arrival }, reply) {
      const { made, within = unbounded } = arrival
      const entry: BatchedEvent = { event, receivedAtMs, ...(isOld(made) ? { isOld: true } : {}) }
      if (await isInOrder({ ...entry, ...(reply ? { reply } : {}) }, within)) return 'queued'
      // With several inboxes no queue of its own: it would be one master's for all.
      if (reply !== undefined && shards.all().length === 1) {
        const data: FanOutJob = { v: 1, kind: 'fan-out', event, receivedAtMs, reply }
        return pushOnce(event.id, arrival, (ttlMs) => fanOut(MESSAGES_QUEUE, data, ttlMs))
      }
      await within(() => (reply === undefined ? batches.add(entry) : batches.addFirst({ ...entry, reply })))
      return 'queued'
    },

    async platformEvent(event, { receivedAtMs = clock.nowMs(), only, replay } = {}) {
      if (only === undefined && replay === undefined && (await isInOrder({ event, receivedAtMs }, unbounded))) return 'accepted'
      return fanOut(PLATFORM_EVENTS_QUEUE, {
        v: 1,
        kind: 'fan-out',
        event,
        receivedAtMs,
        ...(only === undefined ? {} : { only }),
        ...(replay === undefined ? {} : { replay }),
      })
    },

    async replay(event, receivedAtMs, only) {
      const job: FanOutJob = { v: 1, kind: 'fan-out', event, receivedAtMs, replay: `r${randomBytes(6).toString('hex')}` }
      const jobs = only === undefined ? [job] : only.map((name) => ({ ...job, only: name }))
      await Promise.all(jobs.map((one) => fanOut(PLATFORM_EVENTS_QUEUE, one)))
    },

    async profileWanted(appId, announce) {
      const data: ProfileJob = {
        v: 1,
        kind: 'profile',
        platform,
        appid: appId,
        receivedAtMs: announce?.receivedAtMs ?? clock.nowMs(),
        ...(announce ? { announce: announce.event } : {}),
      }
      if (announce) {
        await addOnce(COMPONENT_EVENTS_QUEUE, { data, id: once.profile(announce.event.id), options: CONTROL_OPTIONS })
        return
      }
      // Nothing waits for it: one job at a time per authorizer is enough.
      await addOneAtATime(COMPONENT_EVENTS_QUEUE, { data, id: once.profile(appId), options: CONTROL_OPTIONS })
    },

    async exchangeWanted(job) {
      const data: ComponentEventJob = { ...job, announced: true }
      await addOnce(COMPONENT_EVENTS_QUEUE, { data, id: once.exchange(job.eventId), options: EXCHANGE_OPTIONS })
    },

    async releaseCheck({ eventId, appId, openId, code, receivedAtMs, ...arrival }) {
      const sealedCode = sealer.seal(code.reveal(), codePlace(eventId))
      const data: ReleaseCheckJob = { v: 1, kind: 'release-check', platform, eventId, appid: appId, openId, sealedCode, receivedAtMs }
      const id = once.releaseCheck(eventId)
      await pushOnce(eventId, arrival, (ttlMs) => addOnce(COMPONENT_EVENTS_QUEUE, { data, id, options: RELEASE_CHECK_OPTIONS, ttlMs }))
    },

    openReleaseCheckCode: ({ eventId, sealedCode }) => sealer.open(sealedCode, codePlace(eventId)),

    openComponentEvent: ({ eventId, sealedPlaintext }) => sealer.open(sealedPlaintext, eventPlace(eventId)).reveal(),

    async sync() {
      const data: SyncJob = { v: 1, kind: 'sync', platform }
      // One at a time: who asks while it waits or runs is given the one that is under way.
      return { jobId: await addOneAtATime(MAINTENANCE_QUEUE, { data, id: once.sync, options: SYNC_OPTIONS }) }
    },

    syncState: (jobId) => syncStates.get(jobId),
  }
}
