// Owns: the component's token and ticket in memory.
import type { ComponentTokenStore, Secret } from '@wxgw/wechat-core'
import { claim, commit, fail, newRefreshRecord, snapshotOf } from './refresh-record.ts'
import type { SettableClock } from './settable-clock.ts'

export type MemoryComponentTokens = ComponentTokenStore & {
  saveTicket(ticket: Secret): Promise<void>
  dueAtMs(): number | undefined
}

export function createMemoryComponentTokens({ clock }: { clock: Pick<SettableClock, 'nowMs'> }): MemoryComponentTokens {
  const record = newRefreshRecord()
  let ticket: Secret | undefined
  return {
    dueAtMs: () => record.dueAtMs,
    async saveTicket(newest) {
      ticket = newest
      // Whoever was told that there is none may ask again at once.
      record.failed = undefined
    },
    async read() {
      return snapshotOf(record, clock.nowMs())
    },
    async claim(_subject, asked) {
      const claimed = claim(record, asked, clock.nowMs())
      return claimed.kind === 'claimed' ? { ...claimed, material: { ticket } } : claimed
    },
    async fail(_subject, failed) {
      return fail(record, failed, clock.nowMs())
    },
    async commit(issued) {
      const outcome = commit(record, issued, clock.nowMs())
      if (outcome === 'late' || outcome === 'unleased') return { kind: 'lost' }
      return { kind: 'stored', snapshot: snapshotOf(record, clock.nowMs()) }
    },
  }
}
