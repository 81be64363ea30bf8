// Owns: detecting that WeChat has stopped pushing tickets, and requesting them again (api_start_push_ticket).
import type { Platform } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import type { Alarm } from './alarm.ts'

type WatchedPlatform = {
  id: string
  tickets: Pick<Platform['tickets'], 'status'>
  authorizations: Pick<Platform['authorizations'], 'startPushTicket'>
}

type WatchdogDeps = {
  platforms: ReadonlyMap<string, WatchedPlatform>
  nowMs(): number
  alarm: Alarm
  log: Log
  firstCheckMs?: number
  everyMs?: number
}

/** WeChat pushes a ticket every ten minutes: two have been missed. */
const STALE_AFTER_MS = 25 * 60_000
const FIRST_CHECK_MS = 10_000
const EVERY_MS = 60_000

/**
 * At most one request every ten minutes over all workers. Its worker also emits `gateway.ticket.stale`.
 * @see
 * https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_verify_ticket_service.html
 */
export function startWatchdog(deps: WatchdogDeps): Repetition {
  const { platforms, nowMs, alarm, log, firstCheckMs = FIRST_CHECK_MS, everyMs = EVERY_MS } = deps
  return repeat({ firstMs: firstCheckMs, everyMs }, async () => {
    for (const platform of platforms.values()) await check(platform)
  })

  async function check(platform: WatchedPlatform): Promise<void> {
    try {
      const ticket = await platform.tickets.status()
      const ageMs = ticket && nowMs() - ticket.receivedAtMs
      if (ageMs !== undefined && ageMs < STALE_AFTER_MS) return
      const outcome = await platform.authorizations.startPushTicket()
      log.warn({ platform: platform.id, ticketAgeMs: ageMs ?? null, outcome }, 'ticket.stale')
      if (outcome === 'asked-lately') return
      const age = ageMs === undefined ? {} : { ticketAgeSeconds: String(Math.floor(ageMs / 1000)) }
      await alarm(platform.id, 'gateway.ticket.stale', age)
    } catch (error) {
      log.warn({ err: error, platform: platform.id }, 'ticket.start_push_failed')
    }
  }
}
