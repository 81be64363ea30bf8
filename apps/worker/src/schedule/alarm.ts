// Owns: emitting `gateway.*` events about problems that the gateway noticed itself. The caller decides what is worth an
// event.
import { randomUUID } from 'node:crypto'
import { platformEvent } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'

/** Never rejects: an event that cannot be enqueued is logged. Values of `data` are strings, none of them a secret. */
export type Alarm = (platform: string, type: `gateway.${string}`, data: Record<string, string>) => Promise<void>

type AlarmDeps = {
  platforms: ReadonlyMap<string, { jobs: Pick<Platform['jobs'], 'platformEvent'> }>
  nowMs(): number
  log: Log
}

export function createAlarm({ platforms, nowMs, log }: AlarmDeps): Alarm {
  return async (platform, type, data) => {
    try {
      const event = platformEvent({ id: `gw_${randomUUID()}`, platform, type, timeMs: nowMs(), data })
      await platforms.get(platform)?.jobs.platformEvent(event)
    } catch (error) {
      log.warn({ err: error, platform, type }, 'event.not_announced')
    }
  }
}
