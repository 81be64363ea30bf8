// Owns: wiring of the push intake of this process: memory watermark, spool, recent acceptances. Ends with the
// lifecycle.
import type { OpenedGateway } from '@wxgw/platform'
import { createSealer, memoryShare, platformKeys, startLossWatch } from '@wxgw/redis'
import type { Config, Lifecycle, Log, Metrics } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import { openSpool } from '../spool/spool.ts'
import { type MemoryWatermark, startMemoryWatermark } from './memory-watermark.ts'
import { createPushIntake, type PushIntake } from './push-intake.ts'
import { createEnqueuePush } from './push.ts'
import { createRecentAcceptances } from './recent-acceptances.ts'

type OpenPushIntakeDeps = {
  config: Pick<Config, 'platforms' | 'sealingKeys' | 'spoolDir'>
  gateway: Pick<OpenedGateway, 'connections' | 'platforms' | 'unsubscribed'>
  lifecycle: Pick<Lifecycle, 'onStop' | 'signal'>
  clock: Clock
  metrics: Metrics
  log: Log
}

type OpenedIntake = { intake: PushIntake; memory: MemoryWatermark }

/** Rejects when SPOOL_DIR cannot be used. `memory`: for the routes that fill Redis, too. */
export async function openPushIntake(deps: OpenPushIntakeDeps): Promise<OpenedIntake> {
  const { config, gateway, lifecycle, clock, metrics, log } = deps
  const { commands } = gateway.connections
  const platforms = gateway.platforms.byId

  const memory = startMemoryWatermark({ memoryShare: () => memoryShare(commands), metrics, log })
  lifecycle.onStop('memory watermark', () => memory.stop())

  const enqueue = createEnqueuePush(platforms)
  const recent = createRecentAcceptances({ enqueue, clock, metrics, log })
  const lossWatch = startLossWatch({
    redis: commands,
    marks: config.platforms.map(({ id }) => platformKeys(id).keyCheck),
    onLoss: (loss) => recent.enqueueAgain(loss, lifecycle.signal),
    onError: (error) => log.debug({ err: error }, 'redis.unseen'),
  })
  lifecycle.onStop('loss watch', () => lossWatch.stop())

  const { spoolDir: dir } = config
  const sealer = createSealer(config.sealingKeys)
  const spool = dir === undefined ? undefined : await openSpool({ dir, sealer, metrics, log })
  if (spool) lifecycle.onStop('spool', () => spool.close())

  return {
    intake: createPushIntake({ memory, enqueue, recent, unsubscribed: gateway.unsubscribed, spool, platforms }),
    memory,
  }
}
