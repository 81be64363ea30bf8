// Owns: refreshing this worker's copy of the figures. One worker reads them per period, and all workers share them.
import {
  createDeliveryHealthStore,
  createSharedFigures,
  platformKeys,
  QUEUE_FIGURES_KEY,
  QUEUE_GATHERING_KEY,
  type RedisConnection,
  type ShardCount,
} from '@wxgw/redis'
import { type Log, type Metrics, repeat, type Repetition } from '@wxgw/runtime'
import { type Clock, isStoreAway } from '@wxgw/wechat-core'
import { createFigureMetrics } from './figure-metrics.ts'
import {
  gatherPlatformFigures,
  type MeasuredPlatform,
  parsePlatformFigures,
  type PlatformFigures,
} from './platform-figures.ts'
import { gatherQueueFigures, parseQueueFigures, type QueueFigures } from './queue-figures.ts'

type FiguresDeps = {
  platforms: readonly MeasuredPlatform[]
  redis: RedisConnection
  shardCount: Pick<ShardCount, 'get'>
  metrics: Metrics
  clock: Clock
  log: Log
}

const PERIOD_MS = 10_000
const FIRST_MS = 500

/** While Redis is unavailable, the series are missing. */
export function startFigures({ platforms, redis, shardCount, metrics, clock, log }: FiguresDeps): Repetition {
  let ofPlatforms: ReadonlyMap<string, PlatformFigures> = new Map()
  let ofQueues: QueueFigures | undefined
  const queues = createSharedFigures({
    redis,
    keys: { figures: QUEUE_FIGURES_KEY, gathering: QUEUE_GATHERING_KEY },
    periodMs: PERIOD_MS,
    gather: () => gatherQueueFigures(redis, shardCount.get()),
    parse: parseQueueFigures,
  })
  const shared = platforms.map((platform) => {
    const keys = platformKeys(platform.id)
    const { failing } = createDeliveryHealthStore({ redis, keys })
    const gather = () => gatherPlatformFigures({ platform, redis, failing })
    return {
      id: platform.id,
      figures: createSharedFigures({ redis, keys, periodMs: PERIOD_MS, gather, parse: parsePlatformFigures }),
    }
  })
  createFigureMetrics(metrics, { platforms: () => ofPlatforms, queues: () => ofQueues, nowMs: clock.nowMs })

  async function unlessAway<Figures>(refresh: () => Promise<Figures | undefined>): Promise<Figures | undefined> {
    try {
      return await refresh()
    } catch (error) {
      if (!isStoreAway(error)) log.warn({ err: error }, 'figures.not_gathered')
      return undefined
    }
  }

  return repeat({ firstMs: FIRST_MS, everyMs: PERIOD_MS }, async () => {
    ofQueues = await unlessAway(queues.refresh)
    const read = await Promise.all(
      shared.map(async ({ id, figures }) => ({ id, figures: await unlessAway(figures.refresh) })),
    )
    ofPlatforms = new Map(read.flatMap(({ id, figures }) => (figures === undefined ? [] : [[id, figures] as const])))
  })
}
