// Owns: announcing that a subscription fails, delivers again, was disabled or has dead letters. One worker emits each
// announcement, as an event, a log line and a count.
import { platformEvent } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Announcement, Announcements, DeliveryHealthStore } from '@wxgw/redis'
import { type Log, repeat } from '@wxgw/runtime'
import { type Clock, isStoreAway } from '@wxgw/wechat-core'

type AnnounceHealthDeps = {
  platform: Pick<Platform, 'id'> & { jobs: Pick<Platform['jobs'], 'platformEvent'> }
  store: Pick<Announcements, 'toAnnounce' | 'announced'> & Pick<DeliveryHealthStore, 'endRow'>
  /** Called once per announcement, over all workers. */
  onAnnounced(kind: Announcement['about']['kind']): void
  clock: Clock
  log: Log
  everyMs?: number
}

type HealthAnnouncements = { announce(): void; stop(): Promise<void> }

/** Other processes find the announcements that a killed process left. */
const EVERY_MS = 5_000

const EVENT_TYPES: Record<Announcement['about']['kind'], string> = {
  failing: 'gateway.subscription.failing',
  recovered: 'gateway.subscription.recovered',
  disabled: 'gateway.subscription.disabled',
  dead_letter: 'gateway.subscription.dead_letter',
}

export function startAnnouncingHealth(deps: AnnounceHealthDeps): HealthAnnouncements {
  const { platform, store, log, everyMs = EVERY_MS } = deps
  const running = new Set<Promise<void>>()
  const repetition = repeat({ firstMs: everyMs, everyMs }, announceAll)

  /** Never rejects: the next run announces what is left, under the same id. */
  async function announceAll(): Promise<void> {
    try {
      for (const announcement of await store.toAnnounce()) {
        await announceOne(deps, announcement)
        await store.announced(announcement.id)
      }
    } catch (error) {
      if (!isStoreAway(error)) log.warn({ err: error, platform: platform.id }, 'subscriptions.not_announced')
    }
  }

  return {
    announce() {
      const run = announceAll()
      running.add(run)
      void run.then(() => running.delete(run))
    },
    async stop() {
      await repetition.stop()
      await Promise.all(running)
    },
  }
}

async function announceOne(
  { platform, store, onAnnounced, clock, log }: AnnounceHealthDeps,
  { id, about }: Announcement,
): Promise<void> {
  const { kind, subscription } = about
  if (kind === 'disabled') await store.endRow(subscription)
  const data = dataOf(about)
  const event = platformEvent({ id, platform: platform.id, type: EVENT_TYPES[kind], timeMs: clock.nowMs(), data })
  if ((await platform.jobs.platformEvent(event)) === 'duplicate') return
  onAnnounced(kind)
  // The line of a dead letter was written when it became one.
  if (kind !== 'dead_letter')
    log[kind === 'recovered' ? 'info' : 'error']({ platform: platform.id, ...data }, `subscription.${kind}`)
}

function dataOf(about: Announcement['about']): Record<string, unknown> {
  const { kind, subscription } = about
  if (kind === 'dead_letter') {
    const { eventId, eventType, attempts, reason, leftOut } = about
    return { subscription, eventId, eventType, attempts, reason, leftOut }
  }
  const { failures, sinceMs, lastError } = about
  return { subscription, failures, since: new Date(sinceMs).toISOString(), lastError }
}
