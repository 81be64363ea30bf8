// Owns: telling subscribers what the gateway itself has noticed. What is worth an alarm is decided by whoever noticed it.
import { randomUUID } from 'node:crypto'
import { platformEvent } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'

/** Never rejects: an alarm that cannot be queued is logged, and what it is about goes on. Values are strings, no secret among them. */
export type Alarm = (platform: string, type: `gateway.${string}`, data: Record<string, string>) => Promise<void>

export type AlarmDeps = {
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
