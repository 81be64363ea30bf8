// Owns: what one attempt at a delivery can come to.

/** By a webhook. `answer`: the begin of its text, of ANSWER_BYTES at most; undefined when there is none. */
export type Answered = { status: number; answer?: string | undefined }

/** Of UTF-8. */
export const ANSWER_BYTES = 1_024

export type DeliveryResult =
  /** `reply` null: the consumer says that none will come. `replyProblem`: fixed words on why none could be read. */
  | ({ outcome: 'delivered'; reply?: unknown; replyProblem?: string } & Partial<Answered>)
  /** The consumer answered, but not 2xx. `gone` is 410: the subscription is disabled. */
  | ({ outcome: 'rejected'; gone: boolean; retryAfterSeconds: number | undefined } & Answered)
  | { outcome: 'unreachable'; reason: string }
  /** Refused by us: a private address, a forbidden URL. */
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

/** One attempt at a delivery, as it is answered. */
export type DeliveryAttempt = {
  subscription: string
  /** From 1; a replay counts anew. */
  attempt: number
  /** When it began. */
  at: string
  durationMs: number
  outcome: 'delivered' | 'failed'
  httpStatus: number | null
  error: string | null
  answer: string | null
  /** The process that made it. */
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
