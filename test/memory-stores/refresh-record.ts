// Owns: what claim, commit and fail do to the record of one token, in memory. The same rules as packages/redis' refresh scripts;
// test/conformance holds the two together.
import type { FailedRefresh, RefreshFailure, Secret, TokenSnapshot } from '@wxgw/wechat-core'

const DOUBT_MS = 60_000

export type RefreshRecord = {
  token: Secret | undefined
  expiresAtMs: number
  lifetimeSeconds: number
  version: number
  refreshedAtMs: number
  /** Of the last claim. */
  fence: number
  committedFence: number
  /** Of a claim that has not been committed or given back. */
  openFence: number | undefined
  /** WeChat may still serve a call whose end nobody knows. */
  doubtUntilMs: number
  failedInRow: number
  lease: { owner: string; untilMs: number } | undefined
  failed: { failure: RefreshFailure; untilMs: number } | undefined
  dueAtMs: number | undefined
}

export function newRefreshRecord(): RefreshRecord {
  return {
    token: undefined,
    expiresAtMs: 0,
    lifetimeSeconds: 0,
    version: 0,
    refreshedAtMs: 0,
    fence: 0,
    committedFence: 0,
    openFence: undefined,
    doubtUntilMs: 0,
    failedInRow: 0,
    lease: undefined,
    failed: undefined,
    dueAtMs: undefined,
  }
}

export function snapshotOf(record: RefreshRecord, nowMs: number): TokenSnapshot {
  const { token, expiresAtMs, lifetimeSeconds, version, refreshedAtMs } = record
  const stored = token && expiresAtMs > nowMs ? { token, expiresAtMs, lifetimeSeconds } : undefined
  return { nowMs, stored, version, refreshedAtMs }
}

export type Claim = { owner: string; leaseMs: number; seenVersion: number | undefined }
export type Claimed =
  | { kind: 'claimed'; fence: number }
  | { kind: 'changed'; snapshot: TokenSnapshot }
  | { kind: 'failed'; failure: RefreshFailure }
  | { kind: 'busy' }

export function claim(record: RefreshRecord, { owner, leaseMs, seenVersion }: Claim, nowMs: number): Claimed {
  const snapshot = snapshotOf(record, nowMs)
  if (seenVersion !== undefined && record.version !== seenVersion && snapshot.stored)
    return { kind: 'changed', snapshot }
  if (record.failed && record.failed.untilMs > nowMs) return { kind: 'failed', failure: record.failed.failure }
  if (record.lease && record.lease.untilMs > nowMs) return { kind: 'busy' }
  record.lease = { owner, untilMs: nowMs + leaseMs }
  record.fence += 1
  if (record.openFence !== undefined) record.doubtUntilMs = nowMs + DOUBT_MS
  record.openFence = record.fence
  return { kind: 'claimed', fence: record.fence }
}

export type Issued = {
  owner: string
  fence: number
  token: Secret
  lifetimeSeconds: number
  elapsedMs: number
  dueInMs: number
}

export function isLeasedBy({ lease }: RefreshRecord, owner: string, nowMs: number): boolean {
  return lease !== undefined && lease.owner === owner && lease.untilMs > nowMs
}

export function release(record: RefreshRecord, owner: string): void {
  if (record.lease?.owner === owner) record.lease = undefined
}

/** `repeated`: this very claim was committed before. `late`: a newer one was. `unleased`: stored, but the lease had run out. */
export function commit(
  record: RefreshRecord,
  issued: Issued,
  nowMs: number,
): 'stored' | 'repeated' | 'late' | 'unleased' {
  const { owner, fence, lifetimeSeconds } = issued
  const isLeased = isLeasedBy(record, owner, nowMs)
  if (record.openFence === fence) record.openFence = undefined
  if (fence === record.committedFence) return 'repeated'
  release(record, owner)
  record.dueAtMs = nowMs
  if (fence < record.committedFence) return 'late'
  Object.assign(record, {
    token: issued.token,
    expiresAtMs: nowMs + lifetimeSeconds * 1000 - issued.elapsedMs,
    lifetimeSeconds,
    version: record.version + 1,
    committedFence: fence,
    refreshedAtMs: nowMs,
    failed: undefined,
    failedInRow: 0,
  })
  if (!isLeased) return 'unleased'
  const dueAtMs = nowMs + issued.dueInMs
  record.dueAtMs = record.doubtUntilMs > nowMs ? Math.min(dueAtMs, record.doubtUntilMs) : dueAtMs
  return 'stored'
}

export function fail(
  record: RefreshRecord,
  { owner, fence, failure, holdMs, isUnsettled }: FailedRefresh,
  nowMs: number,
): number {
  if (record.openFence === fence) record.openFence = undefined
  if (isUnsettled) record.doubtUntilMs = nowMs + DOUBT_MS
  if (!isLeasedBy(record, owner, nowMs)) return 0
  record.lease = undefined
  if (holdMs > 0) record.failed = { failure, untilMs: nowMs + holdMs }
  record.failedInRow += 1
  return record.failedInRow
}
