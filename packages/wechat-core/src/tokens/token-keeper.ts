// Owns: reading and refreshing a token, for readers and schedule alike, over any number of processes. The store's lease
// only saves calls; correctness comes from the fence that the store checks at commit.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { currentToken, isFresh, isValid, type StoredToken } from './freshness.ts'
import { isUnsettled } from './refusal.ts'
import type { CurrentToken } from './authorizer.ts'

/** A token and the time of its last refresh, from one atomic read. */
export type TokenSnapshot = {
  /** By the store's clock; a process' own clock never judges a token. */
  nowMs: number
  stored: StoredToken | undefined
  /** Changes with every stored token. */
  version: number
  /** 0 = never. An exchange of a code does not count. */
  refreshedAtMs: number
}

/** Why a refresh failed. All callers within the next second get it. */
export type RefreshFailure = {
  code: string
  errcode?: number | undefined
  errmsg?: string | undefined
  api?: string | undefined
}

export type FailedRefresh = {
  owner: string
  fence: number
  failure: RefreshFailure
  holdMs: number
  isUnsettled: boolean
}

export type RefreshClaim<Material> =
  | { kind: 'claimed'; fence: number; material: Material }
  /** Another token was stored after `seenVersion`. */
  | { kind: 'changed'; snapshot: TokenSnapshot }
  | { kind: 'busy' }
  | { kind: 'failed'; failure: RefreshFailure }

/** `lost`: not stored, or stored after the lease had ended. Another refresh must find out WeChat's current token. */
export type CommitOutcome = { kind: 'stored'; snapshot: TokenSnapshot } | { kind: 'lost' }

export type TokenKeeperStore<Subject, Material> = {
  /** Rejects when the subject has no token (unknown, revoked, …). */
  read(subject: Subject): Promise<TokenSnapshot>
  /** `seenVersion` undefined: refresh even if another token was stored meanwhile. */
  claim(
    subject: Subject,
    claim: { owner: string; leaseMs: number; seenVersion: number | undefined },
  ): Promise<RefreshClaim<Material>>
  /**
   * Releases the lease and stores the failure for `holdMs` (0 = not at all); does nothing when another process has the
   * lease. `isUnsettled`: WeChat may still serve the call. Returns the number of failures in a row over all processes;
   * 0 when this one does not count.
   */
  fail(subject: Subject, failed: FailedRefresh): Promise<number>
}

/**
 * Calls of `peek` share one read for this long. It is shorter than a call to WeChat, so no caller can learn meanwhile
 * that the token is invalid.
 */
const PEEK_SHARED_MS = 2

type HeldLease<Material> = { owner: string; fence: number; material: Material }

type TokenKeeperDeps<Subject extends string, Material> = {
  store: TokenKeeperStore<Subject, Material>
  /** Slow work that needs no lease; a rejection fails the refresh. */
  prepare?(): Promise<unknown>
  /** Calls WeChat and stores the token. `signal` aborts before the lease ends. */
  refresh(args: HeldLease<Material> & { subject: Subject; signal: AbortSignal }): Promise<CommitOutcome>
  describeFailure(error: unknown): RefreshFailure
  failureError(failure: RefreshFailure): Error
  /** A refresh younger than this is shared by every `force` and every report. */
  forceMinIntervalMs: number
  /** Called after each call to WeChat of this process, with `refreshed`, `superseded`, or the error's code. */
  onOutcome?: ((subject: Subject, outcome: string) => void) | undefined
  /** Called for each failure that counts; only one process gets each `streak`. */
  onFailed?(subject: Subject, failed: { streak: number; failure: RefreshFailure }): void
}

type TokenKeeper<Subject extends string> = {
  get(subject: Subject, options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(subject: Subject, refused: Secret): Promise<CurrentToken>
  /** The stored token when it is fresh enough to hand out. Does not call WeChat. Rejects as the store's `read`. */
  peek(subject: Subject): Promise<CurrentToken | undefined>
  /** For the schedule: refreshes unless another process did since the token became due. */
  refreshNow(subject: Subject): Promise<CurrentToken>
}

/** How long one refresh may hold its subject; a process that dies meanwhile delays the others by this much. */
const LEASE_MS = 10_000
/** Time-out of the call to WeChat. It leaves time to store the answer before the lease ends. */
const CALL_BUDGET_MS = 9_000
/** Time-out of a caller. With CALL_BUDGET_MS the slowest caller gets its answer in under 15 s. */
const WAIT_MS = 14_000
const POLL_MS = 25
const FAILURE_HOLD_MS = 1_000
/** Refreshes in a row after a lost lease. More mean a fault elsewhere. */
const MAX_RECONCILIATIONS = 3

export function createTokenKeeper<Subject extends string, Material>(
  deps: TokenKeeperDeps<Subject, Material>,
): TokenKeeper<Subject> {
  const { store } = deps
  const inFlight = new Map<Subject, Promise<TokenSnapshot>>()
  const peeks = new Map<Subject, Promise<CurrentToken | undefined>>()
  const reads = new Map<Subject, Promise<TokenSnapshot>>()

  /**
   * Callers in the same turn of the event loop share one read. It is not stale for any of them: all requests of a turn
   * had arrived before the turn began.
   */
  function read(subject: Subject): Promise<TokenSnapshot> {
    const shared = reads.get(subject)
    if (shared) return shared
    if (reads.size === 0) setImmediate(() => reads.clear())
    const reading = store.read(subject)
    reads.set(subject, reading)
    return reading
  }

  async function get(subject: Subject, { force = false }: { force?: boolean } = {}): Promise<CurrentToken> {
    const seen = await read(subject)
    if (force ? isShared(seen) : isFresh(seen.stored, seen.nowMs)) return orMissing(seen)
    try {
      return orMissing(await refreshOnce(subject, seen.version))
    } catch (error) {
      if (force || !isValid(seen.stored, seen.nowMs)) throw error
      // The refresh failed but the stored token is still valid: return it.
      return orMissing(
        await read(subject).then((again) => (isValid(again.stored, again.nowMs) ? again : Promise.reject(error))),
      )
    }
  }

  async function reportInvalid(subject: Subject, refused: Secret): Promise<CurrentToken> {
    peeks.delete(subject)
    const seen = await read(subject)
    const isCurrent = seen.stored?.token.equals(refused) ?? true
    if ((!isCurrent && isFresh(seen.stored, seen.nowMs)) || isShared(seen)) return orMissing(seen)
    return orMissing(await refreshOnce(subject, seen.version))
  }

  function peek(subject: Subject): Promise<CurrentToken | undefined> {
    const shared = peeks.get(subject)
    if (shared) return shared
    if (peeks.size === 0) setTimeout(() => peeks.clear(), PEEK_SHARED_MS)
    const mine = read(subject).then(({ stored, nowMs }) =>
      isFresh(stored, nowMs) ? currentToken(stored, nowMs) : undefined,
    )
    peeks.set(subject, mine)
    return mine
  }

  async function refreshNow(subject: Subject): Promise<CurrentToken> {
    const seen = await read(subject)
    return orMissing(await refreshOnce(subject, seen.version))
  }

  function isShared(seen: TokenSnapshot): boolean {
    return (
      isValid(seen.stored, seen.nowMs) &&
      seen.refreshedAtMs > 0 &&
      seen.nowMs - seen.refreshedAtMs < deps.forceMinIntervalMs
    )
  }

  function refreshOnce(subject: Subject, seenVersion: number): Promise<TokenSnapshot> {
    const running = inFlight.get(subject)
    if (running) return running
    const started = refreshUnderLease(subject, seenVersion).finally(() => {
      inFlight.delete(subject)
      peeks.delete(subject)
    })
    inFlight.set(subject, started)
    return started
  }

  async function refreshUnderLease(subject: Subject, versionAtRead: number): Promise<TokenSnapshot> {
    const owner = randomUUID()
    const deadlineMs = performance.now() + WAIT_MS
    await deps.prepare?.()
    let seenVersion: number | undefined = versionAtRead
    let reconciliations = 0
    while (performance.now() < deadlineMs) {
      const claim = await store.claim(subject, { owner, leaseMs: LEASE_MS, seenVersion })
      if (claim.kind === 'changed') return claim.snapshot
      if (claim.kind === 'failed') throw deps.failureError(claim.failure)
      if (claim.kind === 'busy') {
        await delay(POLL_MS * (0.5 + Math.random()))
        continue
      }
      const budgetMs = Math.min(CALL_BUDGET_MS, deadlineMs - performance.now())
      const outcome = await callWeChat(subject, { owner, fence: claim.fence, material: claim.material }, budgetMs)
      if (outcome.kind === 'stored') return outcome.snapshot
      reconciliations += 1
      if (reconciliations > MAX_RECONCILIATIONS) break
      // Two calls overlapped, and WeChat may have served either last. A third one, started after both, gives the
      // current token.
      seenVersion = undefined
    }
    throw new GatewayError('WECHAT_API_TIMEOUT', 'the refresh of the token did not end in time', { retry: true })
  }

  async function callWeChat(subject: Subject, held: HeldLease<Material>, budgetMs: number): Promise<CommitOutcome> {
    try {
      const signal = AbortSignal.timeout(Math.max(1, Math.floor(budgetMs)))
      const outcome = await deps.refresh({ subject, ...held, signal })
      deps.onOutcome?.(subject, outcome.kind === 'stored' ? 'refreshed' : 'superseded')
      return outcome
    } catch (error) {
      const failure = deps.describeFailure(error)
      deps.onOutcome?.(subject, failure.code)
      const { owner, fence } = held
      const streak = await store.fail(subject, {
        owner,
        fence,
        failure,
        holdMs: holdMsOf(failure),
        isUnsettled: isUnsettled(error),
      })
      if (streak > 0) deps.onFailed?.(subject, { streak, failure })
      throw error
    }
  }

  return { get, reportInvalid, peek, refreshNow }
}

/** A missing ticket costs no call to WeChat, and the next ticket may arrive at once. */
function holdMsOf({ code }: RefreshFailure): number {
  return code === 'COMPONENT_TICKET_MISSING' ? 0 : FAILURE_HOLD_MS
}

function orMissing(snapshot: TokenSnapshot): CurrentToken {
  if (!isValid(snapshot.stored, snapshot.nowMs)) {
    throw new GatewayError('WECHAT_API_ERROR', 'WeChat issued a token that is over already', { retry: true })
  }
  return currentToken(snapshot.stored, snapshot.nowMs)
}
