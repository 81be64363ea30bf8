// Owns: the component_verify_ticket in Redis, sealed. A ticket is replaced only by one with the same or a later
// CreateTime.
import { COMPONENT_SUBJECT, type Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import type { Sealer } from '../sealed.ts'
import { guardStore } from '../store-errors.ts'

const saveTicket = defineScript({
  name: 'tokens/save-ticket',
  keys: ['ticket', 'refreshError'],
  args: ['sealed', 'createTime'],
})

export type TicketStore = {
  /** `older`: the stored one is newer, and nothing changed. */
  saveIfNewer(ticket: Secret, createTimeSeconds: number): Promise<'saved' | 'older'>
  status(): Promise<{ createTimeSeconds: number; receivedAtMs: number } | undefined>
}

export type TicketStoreDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

export function createTicketStore({ platform, redis, keys, sealer }: TicketStoreDeps): TicketStore {
  return {
    saveIfNewer: (ticket, createTimeSeconds) =>
      guardStore(async () => {
        const sealed = sealer.seal(ticket.reveal(), ticketPlace(platform))
        const saved = await saveTicket(redis, {
          ticket: keys.ticket,
          refreshError: keys.refreshError(COMPONENT_SUBJECT),
          sealed,
          createTime: createTimeSeconds,
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
