// Owns: moving the data of subscriptions from the names of earlier versions to the new ones. All queues of deliveries
// are moved, because they are internal. A consumer's queue keeps the name that its consumer opens, unless that is
// ambiguous.
import type { Subscription } from '@wxgw/contracts'
import { moveJobs, queueExists } from '../bullmq-format/move-jobs.ts'
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, sinkQueue } from '../keys.ts'
import { guardStore } from '../store-errors.ts'
import type { RecordStore } from '../subscriptions/record-store.ts'
import type { SubscriptionRecord } from '../subscriptions/subscription-record.ts'
import { oldNames } from './old-names.ts'

export type MoveOldNamesDeps = {
  platform: string
  /** The ids of all configured platforms. */
  platforms: readonly string[]
  redis: RedisConnection
  records: Pick<RecordStore, 'change'>
  nowMs(): number
}

/** `renamed`: the consumer has to open `to` from now on. `moved`: how many jobs were moved there. */
export type NameLeft = { subscription: string; from: string; to: string; renamed: boolean; moved: number }

/** Longer than processes of an earlier version run beside this version. */
const NOTHING_THERE_FOR_MS = 24 * 3600 * 1000
/** After this time processes of an earlier version, or with an old copy of the record, have ended their writes. */
const SETTLED_MS = 60_000

type MoveOldNames = {
  /** Whether there may be data to move, now or later. */
  concerns(record: SubscriptionRecord): boolean
  /** When the signal aborts, the rest is left for the next call. Rejects with STORE_UNAVAILABLE. */
  leave(record: SubscriptionRecord, signal?: AbortSignal): Promise<NameLeft[]>
}

type MovedFrom = NonNullable<SubscriptionRecord['movedFrom']>
/** Whether there is data under the old names of a subscription: after and before the move. */
type Found = { isThere: boolean; wasThere: boolean }
type ConsumersMove = { name: string; movedFrom: MovedFrom; to: string; signal: AbortSignal | undefined }

/** Safe to repeat, to stop at any point and to run in several processes. */
export function createMoveOldNames({ platform, platforms, redis, records, nowMs }: MoveOldNamesDeps): MoveOldNames {
  const old = oldNames(platform, platforms)

  async function leave(record: SubscriptionRecord, signal: AbortSignal | undefined): Promise<NameLeft[]> {
    const { subscription, dotted, movedFrom } = record
    const { name, sink } = subscription
    const done: NameLeft[] = []
    if (sink.kind === 'queue' && old.isAmbiguous(sink.queue) && (await rename(subscription))) {
      done.push({ subscription: name, from: sink.queue, to: sinkQueue(platform, name), renamed: true, moved: 0 })
    }
    if (movedFrom && sink.kind === 'queue')
      done.push(...(await moveConsumers({ name, movedFrom, to: sink.queue, signal })))
    if (dotted) return done
    const deliveries = await moveDeliveries(name, signal)
    await noteNothing(record, { isThere: await isSomethingThere(subscription), wasThere: deliveries.length > 0 })
    return [...done, ...deliveries]
  }

  async function isSomethingThere({ name, sink }: Subscription): Promise<boolean> {
    const [deliveries, queue, stream] = [old.deliveriesQueue(name), old.sinkQueue(name), old.sinkStream(name)]
    return (
      (await queueExists(redis, deliveries)) ||
      (!(sink.kind === 'queue' && sink.queue === queue) && (await queueExists(redis, queue))) ||
      (!(sink.kind === 'stream' && sink.stream === stream) && (await redis.exists(stream)) > 0)
    )
  }

  /** After a day without data under the old names, the record is marked, and these are not checked any more. */
  async function noteNothing(
    { subscription, nothingOldSinceMs }: SubscriptionRecord,
    { isThere, wasThere }: Found,
  ): Promise<void> {
    if (isThere && nothingOldSinceMs === undefined) return
    const sinceMs = wasThere ? undefined : nothingOldSinceMs
    if (!isThere && sinceMs !== undefined && nowMs() - sinceMs < NOTHING_THERE_FOR_MS) return
    await records.change(subscription.name, (known) => {
      if (!known || known.deleting || known.dotted || known.nothingOldSinceMs !== nothingOldSinceMs) return undefined
      const { nothingOldSinceMs: _, ...rest } = known
      if (isThere) return rest
      return sinceMs === undefined ? { ...rest, nothingOldSinceMs: nowMs() } : { ...rest, dotted: true }
    })
  }

  async function rename({ name }: Subscription): Promise<boolean> {
    let renamed = false
    await records.change(name, (known) => {
      renamed = false
      const sink = known?.subscription.sink
      if (!known || known.deleting || sink?.kind !== 'queue' || !old.isAmbiguous(sink.queue)) return undefined
      renamed = true
      const subscription = { ...known.subscription, sink: { kind: 'queue' as const, queue: sinkQueue(platform, name) } }
      return { ...known, subscription, movedFrom: { queue: sink.queue, sinceMs: nowMs() } }
    })
    return renamed
  }

  async function moveConsumers({ name, movedFrom, to, signal }: ConsumersMove): Promise<NameLeft[]> {
    const { queue: from, sinceMs } = movedFrom
    const { moved, left } = await moveJobs(redis, { from, to, owner: old.ownerInSinkQueue(name), signal })
    if (moved === 0 && left === 0 && nowMs() - sinceMs > SETTLED_MS) {
      await records.change(name, (known) => {
        if (known?.movedFrom?.queue !== from) return undefined
        const { movedFrom: _, ...rest } = known
        return rest
      })
    }
    return moved === 0 ? [] : [{ subscription: name, from, to, renamed: false, moved }]
  }

  async function moveDeliveries(name: string, signal: AbortSignal | undefined): Promise<NameLeft[]> {
    const [from, to] = [old.deliveriesQueue(name), deliveriesQueue(platform, name)]
    if (!(await queueExists(redis, from))) return []
    const { moved } = await moveJobs(redis, { from, to, owner: old.ownerOfDeliveries(name), signal })
    return moved === 0 ? [] : [{ subscription: name, from, to, renamed: false, moved }]
  }

  return {
    // A subscription that this version created has no data under old names.
    concerns: ({ dotted, movedFrom }) => !dotted || movedFrom !== undefined,
    leave: (record, signal) => guardStore(() => leave(record, signal)),
  }
}
