// Owns: trimming the backlog of a paused subscription to `maxBacklog` deliveries. Once a second one worker moves the
// oldest excess ones to the dead letters.
import { orderingKey, type Subscription } from '@wxgw/contracts'
import type { EventLog, Statistics, Subscriptions } from '@wxgw/platform'
import { BACKLOG_FULL, type BacklogTrim, type DeliveryOrder, unlessRightMissing } from '@wxgw/redis'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'
import { recordState, type StateDeps } from '../attempt/record-state.ts'

type TrimBacklogsDeps = {
  platform: string
  subscriptions: Pick<Subscriptions, 'all'>
  trim: BacklogTrim
  order: Pick<DeliveryOrder, 'leave'>
  events: Pick<EventLog, 'deliveryChanged'>
  statistics: Pick<Statistics, 'count'>
  onDead: StateDeps['onDead']
  log: Log
  everyMs?: number
}

const EVERY_MS = 1_000

/** Without a paused subscription it costs nothing. Never rejects. */
export function startTrimmingBacklogs({ everyMs = EVERY_MS, ...deps }: TrimBacklogsDeps): Repetition {
  const { platform, log } = deps
  return repeat({ firstMs: everyMs, everyMs }, async () => {
    try {
      await trimAll(deps)
    } catch (error) {
      // Readiness reports an unavailable Redis.
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'backlog.not_trimmed')
    }
  })
}

async function trimAll(deps: TrimBacklogsDeps): Promise<void> {
  const { platform, subscriptions, trim, log } = deps
  const paused = (await subscriptions.all()).filter((one) => one.enabled && one.paused)
  if (paused.length === 0 || !(await trim.claim())) return
  try {
    for (const one of paused) {
      await unlessRightMissing(
        () => trimOne(deps, one),
        (err) => log.warn({ err, platform, subscription: one.name }, 'backlog.not_trimmed'),
      )
    }
  } finally {
    await trim.release()
  }
}

async function trimOne(deps: TrimBacklogsDeps, one: Subscription): Promise<void> {
  const { platform, trim, order, log } = deps
  const { name: subscription, maxBacklog } = one
  const dead = await trim.trim(subscription, maxBacklog, async ({ event }, { jobId, attempts }) => {
    await recordState(deps, { event, subscription, status: 'dead', attempts, lastError: BACKLOG_FULL })
    const key = orderingKey(one, event)
    // Only the first delivery of a key can be taken: leaving makes the next one the first.
    if (key !== undefined) await order.leave(subscription, { key, deliveryId: jobId })
  })
  if (dead > 0) log.warn({ platform, subscription, maxBacklog, dead }, 'backlog.trimmed')
}
