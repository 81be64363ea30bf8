// Owns: the attempts at an event's deliveries in Redis. Most deliveries succeed at their only attempt, which is stored
// in the delivery's state. The other attempts are in a hash beside the event, the latest 20 of each subscription.
import { hostname } from 'node:os'
import type { DeliveryAttempt } from '@wxgw/contracts'
import { decodeCursor, encodeCursor, isAfter, type Page } from '../paging/newest-first.ts'

/** One attempt that was made. `attempt`: the first is 1. `nextAttemptAtMs`: when the next one is due. */
export type MadeAttempt = {
  attempt: number
  startedAtMs: number
  durationMs: number
  outcome: 'delivered' | 'failed'
  httpStatus?: number | undefined
  error?: string | undefined
  /** The beginning of a webhook's answer. */
  answer?: string | undefined
  nextAttemptAtMs?: number | undefined
}

/** The members of a state about its attempt. A write of the recording step has only `worker`. */
export type AttemptInState = Partial<Pick<MadeAttempt, 'startedAtMs' | 'durationMs' | 'httpStatus' | 'answer'>> & {
  worker: string
}

type StoredAttempt = MadeAttempt & { worker: string }

/** A longer answer is not stored in the state, which is read with each event of a list. */
const MAX_ANSWER_IN_STATE = 64
const MAX_HOSTNAME = 64

export function workerName(): string {
  return `${hostname().slice(0, MAX_HOSTNAME)}:${process.pid}`
}

/** undefined: the attempt is stored beside the event. */
export function attemptInState(
  { outcome, startedAtMs, durationMs, httpStatus, answer }: MadeAttempt,
  worker: string,
): AttemptInState | undefined {
  if (outcome !== 'delivered' || (answer !== undefined && answer.length > MAX_ANSWER_IN_STATE)) return undefined
  return { startedAtMs, durationMs, httpStatus, worker, answer }
}

/** `answer` is the last member: keep-attempt.lua relies on it. */
export function formatAttempt({ answer, ...others }: MadeAttempt, worker: string): string {
  return JSON.stringify({ ...others, worker, answer })
}

/** For each subscription, its state as JSON and its list of attempts. */
export type StoredAttempts = ReadonlyArray<{
  subscription: string
  state: string | undefined
  list: string | undefined
}>

export function pageOfAttempts(
  stored: StoredAttempts,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Page<DeliveryAttempt> {
  const after = decodeCursor(cursor)
  const positions = stored
    .flatMap(({ subscription, state, list }) => newestOf(state, list).map((attempt) => ({ subscription, attempt })))
    .map(({ subscription, attempt }) => ({
      item: shown(subscription, attempt),
      position: { score: attempt.startedAtMs, member: `${String(attempt.attempt).padStart(3, '0')} ${subscription}` },
    }))
    .toSorted((left, right) => (isAfter(right.position, left.position) ? -1 : 1))
    .filter(({ position }) => isAfter(position, after))
  const page = positions.slice(0, limit)
  const last = positions.length > limit ? page.at(-1) : undefined
  return { items: page.map(({ item }) => item), nextCursor: last ? encodeCursor(last.position) : null }
}

const MAX_SHOWN = 20

function newestOf(state: string | undefined, list = ''): StoredAttempt[] {
  const texts = [...(state === undefined ? [] : [state]), ...list.split('\n').filter((text) => text !== '')]
  const attempts = texts.map(parseAttempt).filter((attempt) => attempt !== undefined)
  return attempts.toSorted((left, right) => right.startedAtMs - left.startedAtMs).slice(0, MAX_SHOWN)
}

/** undefined for a state without an attempt. Only this package writes states. */
function parseAttempt(text: string): StoredAttempt | undefined {
  const stored = JSON.parse(text) as Partial<StoredAttempt> & {
    status?: string
    attempts?: number
    lastError?: string
    deliveredAt?: string
  }
  const { worker, startedAtMs, durationMs = 0, outcome = 'delivered', ...others } = stored
  if (worker === undefined) return undefined
  const { attempt = others.attempts ?? 1, error = others.lastError, httpStatus, answer, nextAttemptAtMs } = others
  const madeAtMs = startedAtMs ?? Date.parse(others.deliveredAt ?? '')
  return { attempt, startedAtMs: madeAtMs, durationMs, outcome, httpStatus, error, answer, worker, nextAttemptAtMs }
}

function shown(subscription: string, made: StoredAttempt): DeliveryAttempt {
  const { attempt, startedAtMs, durationMs, outcome, worker, nextAttemptAtMs } = made
  return {
    subscription,
    attempt,
    at: new Date(startedAtMs).toISOString(),
    durationMs,
    outcome,
    httpStatus: made.httpStatus ?? null,
    error: made.error ?? null,
    answer: made.answer ?? null,
    worker,
    nextAttemptAt: nextAttemptAtMs === undefined ? null : new Date(nextAttemptAtMs).toISOString(),
  }
}
