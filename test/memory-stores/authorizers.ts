// Owns: the authorizers in memory: their tokens, and what authorizing and revoking do to them.
import {
  type AuthorizationStore,
  type AuthorizerAppId,
  authorizerNotFound,
  authorizerRevoked,
  type AuthorizerStatus,
  type AuthorizerTokenStore,
  isValid,
  reauthorizationRequired,
  type Secret,
} from '@wxgw/wechat-core'
import type { MemoryCodes } from './codes.ts'
import {
  claim,
  commit,
  fail,
  isLeasedBy,
  newRefreshRecord,
  type RefreshRecord,
  release,
  snapshotOf,
} from './refresh-record.ts'
import type { SettableClock } from './settable-clock.ts'

const HISTORY_LENGTH = 5

type AuthorizerRecord = RefreshRecord & {
  status: AuthorizerStatus
  generation: number
  refreshToken: Secret | undefined
  history: Secret[]
  authorizedAtSeconds: number
  authorizedBy: string
  savedAtMs: number
  revoked: { atSeconds: number; recordedAtMs: number } | undefined
}

function newAuthorizer(): AuthorizerRecord {
  return {
    ...newRefreshRecord(),
    status: 'active',
    generation: 0,
    refreshToken: undefined,
    history: [],
    authorizedAtSeconds: 0,
    authorizedBy: '',
    savedAtMs: -Infinity,
    revoked: undefined,
  }
}

export type MemoryAuthorizers = AuthorizerTokenStore &
  AuthorizationStore & {
    revoke(
      appId: AuthorizerAppId,
      createTimeSeconds: number,
      confirmed?: boolean,
    ): Promise<'revoked' | 'ignored' | 'equal'>
    statusOf(appId: AuthorizerAppId): Promise<AuthorizerStatus | undefined>
    dueAtMs(appId: AuthorizerAppId): number | undefined
  }

export function createMemoryAuthorizers(deps: {
  codes: MemoryCodes
  clock: Pick<SettableClock, 'nowMs'>
}): MemoryAuthorizers {
  const { codes, clock } = deps
  const records = new Map<AuthorizerAppId, AuthorizerRecord>()

  function recordOf(appId: AuthorizerAppId): AuthorizerRecord {
    const record = records.get(appId)
    if (record === undefined) throw authorizerNotFound()
    if (record.status === 'revoked') throw authorizerRevoked()
    return record
  }

  function remember(record: AuthorizerRecord, refreshToken: Secret | undefined): void {
    if (refreshToken) record.history = [refreshToken, ...record.history].slice(0, HISTORY_LENGTH)
  }

  function end(appId: AuthorizerAppId, atSeconds: number): 'revoked' {
    const known = records.get(appId) ?? { ...newAuthorizer(), authorizedAtSeconds: atSeconds }
    records.set(appId, {
      ...known,
      ...{ status: 'revoked', revoked: { atSeconds, recordedAtMs: clock.nowMs() }, generation: known.generation + 1 },
      ...{ token: undefined, expiresAtMs: 0, refreshToken: undefined, history: [] },
      ...{ lease: undefined, openFence: undefined, doubtUntilMs: 0, failedInRow: 0, dueAtMs: undefined },
    })
    return 'revoked'
  }

  return {
    dueAtMs: (appId) => records.get(appId)?.dueAtMs,
    async statusOf(appId) {
      return records.get(appId)?.status
    },

    async read(appId) {
      const record = recordOf(appId)
      const snapshot = snapshotOf(record, clock.nowMs())
      const { status } = record
      if (status === 'reauthorization_required' && !isValid(snapshot.stored, snapshot.nowMs))
        throw reauthorizationRequired()
      return snapshot
    },

    async claim(appId, asked) {
      const record = recordOf(appId)
      const claimed = claim(record, asked, clock.nowMs())
      if (claimed.kind !== 'claimed') return claimed
      const { generation, refreshToken, history } = record
      return { ...claimed, material: { generation, refreshToken, history: [...history] } }
    },

    async fail(appId, failed) {
      const record = records.get(appId)
      return record ? fail(record, failed, clock.nowMs()) : 0
    },

    async commit(appId, issued) {
      const record = records.get(appId)
      if (record === undefined || record.status === 'revoked' || record.generation !== issued.generation) {
        if (record) release(record, issued.owner)
        return { kind: 'lost' }
      }
      const outcome = commit(record, issued, clock.nowMs())
      if (outcome === 'late') remember(record, issued.newRefreshToken)
      if (outcome === 'stored' || outcome === 'unleased') {
        record.status = 'active'
        if (issued.newRefreshToken) {
          remember(record, record.refreshToken)
          record.refreshToken = issued.newRefreshToken
        }
      }
      if (outcome === 'late' || outcome === 'unleased') return { kind: 'lost' }
      return { kind: 'stored', snapshot: snapshotOf(record, clock.nowMs()) }
    },

    async markReauthorizationRequired(appId, { generation, owner }) {
      const record = records.get(appId)
      if (record?.generation !== generation || !isLeasedBy(record, owner, clock.nowMs())) return 'superseded'
      if (record.status !== 'active') return 'known'
      record.status = 'reauthorization_required'
      record.dueAtMs = undefined
      return 'marked'
    },

    async markRevoked(appId, generation) {
      const record = records.get(appId)
      if (record === undefined || record.status === 'revoked' || record.generation !== generation) return false
      end(appId, Math.floor(clock.nowMs() / 1000))
      return true
    },

    async revoke(appId, createTimeSeconds, confirmed = false) {
      const record = records.get(appId)
      if (record && record.status !== 'revoked') {
        if (record.authorizedAtSeconds > createTimeSeconds) return 'ignored'
        if (record.authorizedAtSeconds === createTimeSeconds && !confirmed) return 'equal'
      } else if (record?.revoked && record.revoked.atSeconds >= createTimeSeconds) {
        return 'ignored'
      }
      return end(appId, createTimeSeconds)
    },

    async saveAuthorization(authorization) {
      const { appId, codeHash, owner, createTimeSeconds, accessToken, refreshToken } = authorization
      const nowMs = clock.nowMs()
      const code = codes.get(codeHash)
      // The driver has sent it twice, after a lost answer.
      if (code?.state === 'exchanged' && code.savedBy === owner) return 'saved'
      const claimedAtMs = code?.claimedAtMs ?? 0
      const known = records.get(appId)
      const revoked = known?.revoked
      if (createTimeSeconds !== undefined && revoked && revoked.atSeconds > createTimeSeconds) return 'revoked'
      if (createTimeSeconds === undefined && revoked && revoked.recordedAtMs >= claimedAtMs) return 'revoked'

      const record: AuthorizerRecord = {
        ...(known ?? newAuthorizer()),
        ...{ status: 'active', revoked: undefined, failed: undefined, refreshedAtMs: 0 },
      }
      const isOverlapped =
        known !== undefined && (record.savedAtMs >= claimedAtMs || known.refreshedAtMs >= claimedAtMs)
      const at = createTimeSeconds ?? Math.floor(nowMs / 1000)
      record.authorizedAtSeconds = known?.status === 'revoked' ? at : Math.max(at, record.authorizedAtSeconds)
      record.authorizedBy = codeHash
      remember(record, record.refreshToken)
      record.refreshToken = refreshToken
      record.generation += 1
      record.version += 1
      record.savedAtMs = nowMs
      const isStored = accessToken !== undefined && !isOverlapped
      record.token = isStored ? accessToken.token : undefined
      record.lifetimeSeconds = isStored ? accessToken.lifetimeSeconds : 0
      record.expiresAtMs = isStored ? nowMs + accessToken.lifetimeSeconds * 1000 - accessToken.elapsedMs : 0
      const isUnderWay = isOverlapped || record.openFence !== undefined
      const dueAtMs = isUnderWay ? nowMs : nowMs + authorization.dueInMs
      record.dueAtMs = record.doubtUntilMs > nowMs ? Math.min(dueAtMs, record.doubtUntilMs) : dueAtMs
      records.set(appId, record)
      codes.exchanged(codeHash, { owner, appId })
      return 'saved'
    },

    async confirmAuthorization(appId, codeHash, { createTimeSeconds }) {
      const record = records.get(appId)
      if (record?.authorizedBy === codeHash) record.authorizedAtSeconds = createTimeSeconds
    },

    async isRevokedSince(appId, createTimeSeconds) {
      const revoked = records.get(appId)?.revoked
      return revoked !== undefined && revoked.atSeconds > createTimeSeconds
    },
  }
}
