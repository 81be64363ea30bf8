// Owns: the one way in which a token is read and refreshed, by readers and by schedule alike, over any number of
// processes. The store's lease only saves calls; what keeps the stored token right is the fence, judged in the store at
// commit.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { currentToken, isFresh, isValid, type StoredToken } from './freshness.ts'
import { leavesDoubt } from './refusal.ts'
import type { CurrentToken } from './authorizer.ts'

/** A token and when it was last refreshed, in one atomic look. */
export type TokenSnapshot = {
  /** The store's clock: no process' own clock judges a token. */
  nowMs: number
  stored: StoredToken | undefined
  /** Changes with every token that is stored. */
  version: number
  /** 0 = never; an exchange is not a refresh. */
  refreshedAtMs: number
}

/** Why a refresh failed, as it is given to everybody who asks in the second after. */
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
  /** Somebody stored another token since `version` was seen. */
  | { kind: 'changed'; snapshot: TokenSnapshot }
  | { kind: 'busy' }
  | { kind: 'failed'; failure: RefreshFailure }

/**
 * `lost`: not stored, or stored although the lease was over; either way another refresh must settle what WeChat holds
 * now.
 */
export type CommitOutcome = { kind: 'stored'; snapshot: TokenSnapshot } | { kind: 'lost' }

export type TokenKeeperStore<Subject, Material> = {
  /** Rejects when the subject may have no token (unknown, revoked, …). */
  read(subject: Subject): Promise<TokenSnapshot>
  /** `seenVersion` undefined: whatever others stored meanwhile, a refresh of our own is wanted. */
  claim(
    subject: Subject,
    claim: { owner: string; leaseMs: number; seenVersion: number | undefined },
  ): Promise<RefreshClaim<Material>>
  /**
   * Gives the lease back and remembers the failure for `holdMs` (0 = not at all); nothing, when the lease is somebody
   * else's by now. `isUnsettled`: WeChat may still serve the call, now or later. Answers how many have failed in a row,
   * over all processes; 0 when this one does not count.
   */
  fail(subject: Subject, failed: FailedRefresh): Promise<number>
}

/** So long, all who peek share one look: less than a call takes that could learn that the token is dead. */
const PEEK_SHARED_MS = 2

type HeldLease<Material> = { owner: string; fence: number; material: Material }

type TokenKeeperDeps<Subject extends string, Material> = {
  store: TokenKeeperStore<Subject, Material>
  /** Whatever may take time and needs no lease; a rejection fails the refresh. */
  prepare?(): Promise<unknown>
  /** Asks WeChat and stores its answer. `signal` ends before the lease does. */
  refresh(args: HeldLease<Material> & { subject: Subject; signal: AbortSignal }): Promise<CommitOutcome>
  describeFailure(error: unknown): RefreshFailure
  failureError(failure: RefreshFailure): Error
  /** A refresh younger than this is shared by every `force` and every report. */
  forceMinIntervalMs: number
  /** Hears how each call to WeChat that this process made ended: `refreshed`, `superseded`, or the error's code. */
  onOutcome?: ((subject: Subject, outcome: string) => void) | undefined
  /** Hears of each failure that counts; `streak` is given to one process only. */
  onFailed?(subject: Subject, failed: { streak: number; failure: RefreshFailure }): void
}

export type TokenKeeper<Subject extends string> = {
  get(subject: Subject, options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(subject: Subject, refused: Secret): Promise<CurrentToken>
  /** The stored one when it is good enough to be handed out; WeChat is not asked. Rejects as the store's `read`. */
  peek(subject: Subject): Promise<CurrentToken | undefined>
  /** For the schedule: refreshes unless somebody did since the token became due. */
  refreshNow(subject: Subject): Promise<CurrentToken>
}

/** How long one refresh may hold its subject; a process that dies meanwhile delays the others by this much. */
const LEASE_MS = 10_000
/** WeChat is not waited for longer than this, so that the answer is stored while the lease is still ours. */
const CALL_BUDGET_MS = 9_000
/** Nobody waits longer; with CALL_BUDGET_MS the slowest caller is answered in under 15 s. */
const WAIT_MS = 14_000
const POLL_MS = 25
const FAILURE_HOLD_MS = 1_000
/** Refreshes that reconcile a lost lease; more in a row means that something is badly wrong. */
const MAX_RECONCILIATIONS = 3

export function createTokenKeeper<Subject extends string, Material>(
  deps: TokenKeeperDeps<Subject, Material>,
): TokenKeeper<Subject> {
  const { store } = deps
  const inFlight = new Map<Subject, Promise<TokenSnapshot>>()
  const peeks = new Map<Subject, Promise<CurrentToken | undefined>>()
  const reads = new Map<Subject, Promise<TokenSnapshot>>()

  /**
   * Whoever asks in the same turn of the event loop shares one look. It is no older than any of their questions: all
   * that is handled in a turn had arrived before the turn began.
   */
  function read(subject: Subject): Promise<TokenSnapshot> {
    const shared = reads.get(subject)
    if (shared) return shared
    if (reads.size === 0) setImmediate(() => reads.clear())
    const look = store.read(subject)
    reads.set(subject, look)
    return look
  }

  async function get(subject: Subject, { force = false }: { force?: boolean } = {}): Promise<CurrentToken> {
    const seen = await read(subject)
    if (force ? isShared(seen) : isFresh(seen.stored, seen.nowMs)) return orMissing(seen)
    try {
      return orMissing(await refreshOnce(subject, seen.version))
    } catch (error) {
      if (force || !isValid(seen.stored, seen.nowMs)) throw error
      // WeChat is in trouble, but what we have still works: nobody has to notice.
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
      // Two calls overlapped, and nobody knows which of them WeChat served last. A third one, begun after both, settles
      // it.
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
        isUnsettled: leavesDoubt(error),
      })
      if (streak > 0) deps.onFailed?.(subject, { streak, failure })
      throw error
    }
  }

  return { get, reportInvalid, peek, refreshNow }
}

/** A missing ticket cost no call to WeChat, and the next one may be there already. */
function holdMsOf({ code }: RefreshFailure): number {
  return code === 'COMPONENT_TICKET_MISSING' ? 0 : FAILURE_HOLD_MS
}

function orMissing(snapshot: TokenSnapshot): CurrentToken {
  if (!isValid(snapshot.stored, snapshot.nowMs)) {
    throw new GatewayError('WECHAT_API_ERROR', 'WeChat issued a token that is over already', { retry: true })
  }
  return currentToken(snapshot.stored, snapshot.nowMs)
}
