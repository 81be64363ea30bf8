// Owns: noticing that WeChat has stopped pushing tickets, and asking it to go on.
import { setTimeout as delay } from 'node:timers/promises'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'

export type WatchedPlatform = {
  id: string
  tickets: Pick<Platform['tickets'], 'status'>
  authorizations: Pick<Platform['authorizations'], 'startPushTicket'>
}

export type WatchdogDeps = { platforms: ReadonlyMap<string, WatchedPlatform>; nowMs(): number; log: Log }

/** WeChat pushes every ten minutes: two have been missed. */
const STALE_AFTER_MS = 25 * 60_000
const FIRST_LOOK_MS = 10_000
const EVERY_MS = 60_000

export type Watchdog = { stop(): Promise<void> }

export function startWatchdog({ platforms, nowMs, log }: WatchdogDeps): Watchdog {
  const stopping = new AbortController()
  const running = run()

  async function run(): Promise<void> {
    for (let pauseMs = FIRST_LOOK_MS; await paused(pauseMs); pauseMs = EVERY_MS) {
      for (const platform of platforms.values()) await look(platform)
    }
  }

  async function look(platform: WatchedPlatform): Promise<void> {
    try {
      const ticket = await platform.tickets.status()
      const ageMs = ticket && nowMs() - ticket.receivedAtMs
      if (ageMs !== undefined && ageMs < STALE_AFTER_MS) return
      const outcome = await platform.authorizations.startPushTicket()
      log.warn({ platform: platform.id, ticketAgeMs: ageMs ?? null, outcome }, 'ticket.stale')
    } catch (error) {
      log.warn({ err: error, platform: platform.id }, 'ticket.start_push_failed')
    }
  }

  /** True once the time is over, false when the process stops. */
  async function paused(ms: number): Promise<boolean> {
    try {
      await delay(ms, undefined, { signal: stopping.signal })
      return true
    } catch (error) {
      if (stopping.signal.aborted) return false
      throw error
    }
  }

  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
