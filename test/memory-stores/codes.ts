// Owns: authorization codes in memory: being exchanged, exchanged, refused.
import type { AuthorizerAppId, CodeStore } from '@wxgw/wechat-core'
import type { SettableClock } from './settable-clock.ts'

const REFUSED_FOR_MS = 60_000
const SEARCH_EVERY_MS = 600_000
const LIFE_MS = 7_200_000

export type CodeRecord = {
  state: 'exchanging' | 'exchanged' | 'refused' | 'ambiguous'
  owner: string
  claimedAtMs: number
  leaseUntilMs: number
  forgottenAtMs: number
  appId?: AuthorizerAppId
  savedBy?: string
  refusal?: { errcode: number; errmsg: string; atMs: number }
  listSearchedAtMs?: number
}

export type MemoryCodes = CodeStore & {
  get(codeHash: string): CodeRecord | undefined
  exchanged(codeHash: string, by: { owner: string; appId: AuthorizerAppId }): void
}

export function createMemoryCodes({ clock }: { clock: Pick<SettableClock, 'nowMs'> }): MemoryCodes {
  const records = new Map<string, CodeRecord>()

  function get(codeHash: string): CodeRecord | undefined {
    const record = records.get(codeHash)
    return record && record.forgottenAtMs > clock.nowMs() ? record : undefined
  }

  function heldBy(codeHash: string, owner: string): CodeRecord | undefined {
    const record = get(codeHash)
    return record?.owner === owner && record.state === 'exchanging' ? record : undefined
  }

  return {
    get,
    exchanged(codeHash, { owner, appId }) {
      const known = get(codeHash) ?? { owner: '', claimedAtMs: 0, leaseUntilMs: 0 }
      const forgottenAtMs = clock.nowMs() + LIFE_MS
      records.set(codeHash, { ...known, state: 'exchanged', savedBy: owner, appId, forgottenAtMs })
    },
    async accountOf(codeHash) {
      return get(codeHash)?.appId
    },
    async claim(codeHash, { owner, leaseMs, insist }) {
      const nowMs = clock.nowMs()
      const known = get(codeHash)
      if (known?.appId) return { kind: 'exchanged', appId: known.appId }
      const { state, refusal, listSearchedAtMs = -Infinity, leaseUntilMs = 0 } = known ?? {}
      if (state === 'refused' && refusal && !insist && nowMs - refusal.atMs < REFUSED_FOR_MS) {
        return { kind: 'refused', errcode: refusal.errcode, errmsg: refusal.errmsg }
      }
      if (state === 'exchanging' && leaseUntilMs > nowMs) return { kind: 'busy' }
      const claimed = { state: 'exchanging' as const, owner, claimedAtMs: nowMs, leaseUntilMs: nowMs + leaseMs }
      records.set(codeHash, { ...known, ...claimed, forgottenAtMs: nowMs + LIFE_MS })
      const ambiguous = state === 'exchanging' || state === 'ambiguous'
      return { kind: 'claimed', ambiguous, listSearched: nowMs - listSearchedAtMs < SEARCH_EVERY_MS }
    },
    async refuse(codeHash, { owner, errcode, errmsg }) {
      const record = heldBy(codeHash, owner)
      if (record) Object.assign(record, { state: 'refused', refusal: { errcode, errmsg, atMs: clock.nowMs() } })
    },
    async release(codeHash, { owner, ambiguous, listSearched }) {
      const record = heldBy(codeHash, owner)
      if (record === undefined) return
      if (!ambiguous) records.delete(codeHash)
      else Object.assign(record, { state: 'ambiguous', ...(listSearched ? { listSearchedAtMs: clock.nowMs() } : {}) })
    },
  }
}
