// Owns: enqueueing one platform's pushes: each once, with its secrets sealed.
import type { BatchedEvent, ComponentEventJob, FanOutJob, GatewayEvent, ReleaseCheckJob } from '@wxgw/contracts'
import { type AuthorizerAppId, type Clock, type Secret, systemClock } from '@wxgw/wechat-core'
import type { EventLog } from '../event-log/event-log.ts'
import { COMPONENT_EVENTS_QUEUE, MESSAGES_QUEUE, onceIds } from '../keys.ts'
import { oldPushLifeMs } from '../old-push-life.ts'
import type { ReplicaBarrier } from '../replication/replica-barrier.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { type Acceptance, createAddOnce } from './add-once.ts'
import type { InboxChoice } from './inbox-choice.ts'
import { CONTROL_ATTEMPTS, jobOptions, RELEASE_CHECK_ATTEMPTS } from './job-options.ts'
import { createMessageBatches } from './message-batches.ts'
import { NO_ORDERED_EVENTS, type OrderedEvents } from './ordered-events.ts'
import type { Queues } from './queues.ts'
import type { SealedJobs } from './sealed-jobs.ts'

/**
 * When WeChat made the push, in ms. `unknown`: the push has no time. `ordered`: the handler compares CreateTimes, so
 * the age does not matter.
 */
export type PushMade = number | 'unknown' | 'ordered'

/** Runs a command, and rejects with STORE_UNAVAILABLE when it takes longer than the caller can wait. */
export type TimeBound = <T>(command: () => Promise<T>) => Promise<T>

/** `within`: how long the store may take. Default: each command has its own time-out. */
export type Arrival = { receivedAtMs: number; made: PushMade; within?: TimeBound | undefined }

/** Each resolves only after Redis has accepted, and rejects with STORE_UNAVAILABLE otherwise. */
export type PushQueue = {
  /**
   * De-duplicated by the event's id for DEDUPE_SECONDS. An older push, or one of unknown age, is accepted only if the
   * event log does not have it; its id is then remembered for EVENT_LOG_SECONDS.
   */
  componentEvent(event: Arrival & { eventId: string; plaintext: string }): Promise<Acceptance>
  /**
   * `queued`: the worker finds duplicates when it records the event (event-claims.ts). A message whose push waits for a
   * `reply` is a job of its own; with a single inbox it is de-duplicated here, too.
   */
  message(
    event: GatewayEvent,
    arrival: Arrival,
    reply?: { subscription: string; deadlineAtMs: number },
  ): Promise<Acceptance | 'queued'>
  /**
   * Enqueues the answer to a release check: exchange this code and send it back. De-duplicated as a component event.
   */
  releaseCheck(
    check: Arrival & { eventId: string; appId: AuthorizerAppId; openId: string; code: Secret },
  ): Promise<void>
}

export type PushQueueDeps = {
  platform: string
  /** Over a connection that fails fast. */
  queues: Pick<Queues, 'add' | 'open'>
  /** Shared by all platforms. */
  inboxes: Pick<InboxChoice, 'put'>
  shards: Pick<MessageShards, 'all'>
  sealedJobs: Pick<SealedJobs, 'sealComponentEvent' | 'sealReleaseCheckCode'>
  events: Pick<EventLog, 'has'>
  /** How long a push is remembered after its first arrival. */
  dedupeSeconds: number
  /** How long an old push is remembered. */
  eventLogSeconds: number
  /** Default: no subscription wants an order. */
  ordered?: OrderedEvents
  /** A push is accepted when enough replicas have it. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
  clock?: Clock
}

const CONTROL_OPTIONS = jobOptions(CONTROL_ATTEMPTS)
/** A failed job is removed: its code is a secret and no longer valid. */
const RELEASE_CHECK_OPTIONS = { ...jobOptions(RELEASE_CHECK_ATTEMPTS), removeOnFail: true }

const unbounded: TimeBound = (command) => command()

/** Release checks go through the queue of component events: they must not wait behind messages. */
export function createPushQueue(deps: PushQueueDeps): PushQueue {
  const { platform, shards, sealedJobs, events, ordered = NO_ORDERED_EVENTS, clock = systemClock } = deps
  const dedupeMs = deps.dedupeSeconds * 1000
  const oldPushMs = oldPushLifeMs(deps)
  const once = onceIds(platform)
  const jobs = createAddOnce(deps)
  const batches = createMessageBatches(deps)

  const isOld = (made: PushMade) => made === 'unknown' || (made !== 'ordered' && made < clock.nowMs() - dedupeMs)

  /**
   * An attacker who has a recorded push could send it again later. A push that came in time is remembered by its key
   * for DEDUPE_SECONDS, and after that by the event log. A push that is old when it comes keeps its key for
   * EVENT_LOG_SECONDS, even without a log. The key is written together with the job, so no push is remembered that was
   * not enqueued.
   */
  async function pushOnce(
    eventId: string,
    { made, within = unbounded }: Pick<Arrival, 'made' | 'within'>,
    add: (ttlMs: number) => Promise<Acceptance>,
  ): Promise<Acceptance> {
    if (!isOld(made)) return within(() => add(dedupeMs))
    return within(async () => ((await events.has(eventId)) ? 'duplicate' : add(oldPushMs)))
  }

  return {
    async componentEvent({ eventId, plaintext, receivedAtMs, ...arrival }) {
      const sealedPlaintext = sealedJobs.sealComponentEvent(eventId, plaintext)
      const data: ComponentEventJob = {
        v: 1,
        kind: 'component-event',
        platform,
        eventId,
        receivedAtMs,
        sealedPlaintext,
      }
      const job = { data, id: once.componentEvent(eventId), options: CONTROL_OPTIONS }
      return pushOnce(eventId, arrival, (ttlMs) => jobs.add(COMPONENT_EVENTS_QUEUE, { ...job, ttlMs }))
    },

    async message(event, arrival, reply) {
      const { receivedAtMs, made, within = unbounded } = arrival
      const entry: BatchedEvent = isOld(made) ? { event, receivedAtMs, isOld: true } : { event, receivedAtMs }
      const ordering = ordered.append(reply ? { ...entry, reply } : entry, within)
      if (ordering !== false && (await ordering)) return 'queued'
      // Not with several inboxes: this queue is on one master, and the push would depend on it.
      if (reply !== undefined && shards.all().length === 1) {
        const data: FanOutJob = { v: 1, kind: 'fan-out', event, receivedAtMs, reply }
        return pushOnce(event.id, arrival, (ttlMs) => jobs.fanOut(MESSAGES_QUEUE, data, ttlMs))
      }
      await within(() => (reply === undefined ? batches.add(entry) : batches.addFirst({ ...entry, reply })))
      return 'queued'
    },

    async releaseCheck({ eventId, appId, openId, code, receivedAtMs, ...arrival }) {
      const sealedCode = sealedJobs.sealReleaseCheckCode(eventId, code)
      const about = { platform, eventId, appid: appId, openId, receivedAtMs }
      const data: ReleaseCheckJob = { v: 1, kind: 'release-check', ...about, sealedCode }
      const job = { data, id: once.releaseCheck(eventId), options: RELEASE_CHECK_OPTIONS }
      await pushOnce(eventId, arrival, (ttlMs) => jobs.add(COMPONENT_EVENTS_QUEUE, { ...job, ttlMs }))
    },
  }
}
