// Owns: the component_verify_ticket in Redis: sealed, the newest by CreateTime, never replaced by an older one.
import { COMPONENT_SUBJECT, type Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NOW_LUA } from '../now-script.ts'
import type { Sealer } from '../sealed.ts'
import { runScript, script } from '../script.ts'
import { guardStore } from '../store-errors.ts'

/** A ticket that claims to be from further ahead does not shut out the true ones after it. */
const MAX_AHEAD_SECONDS = 600

/**
 * KEYS: ticket hash, the component's refresh error
 * ARGV: sealed ticket, CreateTime in s
 * -> 1 saved, 0 the stored one is newer. The same ticket again is saved: it shows that WeChat still pushes.
 */
const saveTicket = script(`${NOW_LUA}
local created = math.min(tonumber(ARGV[2]), math.floor(now / 1000) + ${MAX_AHEAD_SECONDS})
local known = tonumber(redis.call('HGET', KEYS[1], 'createTime') or '-1')
if created < known then return 0 end
redis.call('HSET', KEYS[1], 'ticket', ARGV[1], 'createTime', text(created),
  'receivedAtMs', text(now))
-- Whoever was told that there is no ticket may ask again at once.
redis.call('DEL', KEYS[2])
return 1
`)

export type TicketStore = {
  /** Keeps the newest by CreateTime. `older` = the stored one is newer, nothing changed. */
  saveIfNewer(ticket: Secret, createTimeSeconds: number): Promise<'saved' | 'older'>
  status(): Promise<{ createTimeSeconds: number; receivedAtMs: number } | undefined>
}

export type TicketStoreDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

export function createTicketStore({ platform, redis, keys, sealer }: TicketStoreDeps): TicketStore {
  return {
    saveIfNewer: (ticket, createTimeSeconds) =>
      guardStore(async () => {
        const sealed = sealer.seal(ticket.reveal(), ticketPlace(platform))
        const saved = await runScript(redis, saveTicket, {
          keys: [keys.ticket, keys.refreshError(COMPONENT_SUBJECT)],
          args: [sealed, createTimeSeconds],
        })
        return saved === 1 ? 'saved' : 'older'
      }),
    status: () =>
      guardStore(async () => {
        const [createTime, receivedAtMs] = await redis.hmget(keys.ticket, 'createTime', 'receivedAtMs')
        if (!createTime || !receivedAtMs) return undefined
        return { createTimeSeconds: Number(createTime), receivedAtMs: Number(receivedAtMs) }
      }),
  }
}

export function openTicket(sealer: Sealer, platform: string, sealed: string): Secret {
  return sealer.open(sealed, ticketPlace(platform))
}

function ticketPlace(platform: string) {
  return { platform, subject: 'component', field: 'component_verify_ticket' }
}
