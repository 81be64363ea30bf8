// Owns: enqueueing one platform's internal jobs: events to dispatch, profiles to fetch, codes to exchange, syncs.
import type { ComponentEventJob, FanOutJob, GatewayEvent, ProfileJob, SyncJob } from '@wxgw/contracts'
import { type AuthorizerAppId, type Clock, systemClock } from '@wxgw/wechat-core'
import { randomBytes } from 'node:crypto'
import { COMPONENT_EVENTS_QUEUE, MAINTENANCE_QUEUE, onceIds, PLATFORM_EVENTS_QUEUE } from '../keys.ts'
import { type Acceptance, type AddOnceDeps, createAddOnce } from './add-once.ts'
import { CONTROL_ATTEMPTS, EXCHANGE_ATTEMPTS, jobOptions, SYNC_ATTEMPTS } from './job-options.ts'
import { NO_ORDERED_EVENTS, type OrderedEvents } from './ordered-events.ts'

/** `only`: for this subscription alone. `replay`: the id of the replay. */
type PlatformEventOptions = { receivedAtMs?: number; only?: string; replay?: string }

/** Each resolves only after Redis has accepted, and rejects with STORE_UNAVAILABLE otherwise. */
export type JobQueue = {
  /** Emits an event of the component or of the gateway to subscriptions. */
  platformEvent(event: GatewayEvent, options?: PlatformEventOptions): Promise<Acceptance>
  /** Delivers an old event again, to all matching subscriptions or to the named ones among them. */
  replay(event: GatewayEvent, receivedAtMs: number, only?: readonly string[]): Promise<void>
  /** `announce`: the event that waits for the profile, and when its push came. */
  profileWanted(appId: AuthorizerAppId, announce?: { event: GatewayEvent; receivedAtMs: number }): Promise<void>
  /** Exchanges the code of this event, which does not wait for the exchange any longer. */
  exchangeWanted(job: ComponentEventJob): Promise<void>
  /** Answers the id of the sync that waits or runs already, or of a new one. */
  sync(): Promise<{ jobId: string }>
}

export type JobQueueDeps = AddOnceDeps & {
  /** Default: no subscription wants an order. */
  ordered?: OrderedEvents
  clock?: Clock
}

const CONTROL_OPTIONS = jobOptions(CONTROL_ATTEMPTS)
const EXCHANGE_OPTIONS = jobOptions(EXCHANGE_ATTEMPTS)
const SYNC_OPTIONS = { ...jobOptions(SYNC_ATTEMPTS), removeOnFail: { count: 100 } }

/** Profiles go through the queue of component events: they must not wait behind messages. */
export function createJobQueue(deps: JobQueueDeps): JobQueue {
  const { platform, ordered = NO_ORDERED_EVENTS, clock = systemClock } = deps
  const once = onceIds(platform)
  const jobs = createAddOnce(deps)

  return {
    async platformEvent(event, { receivedAtMs = clock.nowMs(), only, replay } = {}) {
      const isForAll = only === undefined && replay === undefined
      if (isForAll && (await ordered.append({ event, receivedAtMs }, (command) => command()))) return 'accepted'
      return jobs.fanOut(PLATFORM_EVENTS_QUEUE, {
        v: 1,
        kind: 'fan-out',
        event,
        receivedAtMs,
        ...(only === undefined ? {} : { only }),
        ...(replay === undefined ? {} : { replay }),
      })
    },

    async replay(event, receivedAtMs, only) {
      const replay = `r${randomBytes(6).toString('hex')}`
      const job: FanOutJob = { v: 1, kind: 'fan-out', event, receivedAtMs, replay }
      const all = only === undefined ? [job] : only.map((name) => ({ ...job, only: name }))
      await Promise.all(all.map((one) => jobs.fanOut(PLATFORM_EVENTS_QUEUE, one)))
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
        await jobs.add(COMPONENT_EVENTS_QUEUE, { data, id: once.profile(announce.event.id), options: CONTROL_OPTIONS })
        return
      }
      // No event waits for it: one job per authorizer is enough.
      await jobs.oneAtATime(COMPONENT_EVENTS_QUEUE, { data, id: once.profile(appId), options: CONTROL_OPTIONS })
    },

    async exchangeWanted(job) {
      const data: ComponentEventJob = { ...job, announced: true }
      await jobs.add(COMPONENT_EVENTS_QUEUE, { data, id: once.exchange(job.eventId), options: EXCHANGE_OPTIONS })
    },

    async sync() {
      const data: SyncJob = { v: 1, kind: 'sync', platform }
      return { jobId: await jobs.oneAtATime(MAINTENANCE_QUEUE, { data, id: once.sync, options: SYNC_OPTIONS }) }
    },
  }
}
