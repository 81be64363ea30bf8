// Owns: the result of one delivery attempt, and the state of a delivery as the API answers it.

/** A webhook's answer. `answer`: the first ANSWER_BYTES of its body; undefined when it has none. */
export type Answered = { status: number; answer?: string | undefined }

/** Counted in UTF-8. */
export const ANSWER_BYTES = 1_024

export type DeliveryResult =
  /** `reply` null: the consumer declines to reply. `replyProblem`: a fixed text, why no reply could be read. */
  | ({ outcome: 'delivered'; reply?: unknown; replyProblem?: string } & Partial<Answered>)
  /** The status is not 2xx. `gone`: it is 410, which disables the subscription. */
  | ({ outcome: 'rejected'; gone: boolean; retryAfterSeconds: number | undefined } & Answered)
  | { outcome: 'unreachable'; reason: string }
  /** The gateway did not call it: a private address, a forbidden URL. */
  | { outcome: 'blocked'; reason: string }

/** State of one delivery in the event log. */
export type DeliveryStatus = 'pending' | 'delivered' | 'retrying' | 'dead' | 'discarded'

export type DeliveryState = {
  subscription: string
  status: DeliveryStatus
  attempts: number
  lastError: string | null
  deliveredAt: string | null
}

/** One delivery attempt, as the API answers it. */
export type DeliveryAttempt = {
  subscription: string
  /** From 1; a replay starts again at 1. */
  attempt: number
  /** Start of the attempt. */
  at: string
  durationMs: number
  outcome: 'delivered' | 'failed'
  httpStatus: number | null
  error: string | null
  answer: string | null
  /** The process that made the attempt. */
  worker: string
  nextAttemptAt: string | null
}

export type DeadLetter = {
  id: string
  eventId: string
  type: string
  event: unknown
  attempts: number
  lastError: string
  failedAt: string
}
