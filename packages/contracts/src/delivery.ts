// Owns: what one attempt at a delivery can come to.

export type DeliveryResult =
  /** `reply` null: the consumer says that none will come. `replyProblem`: fixed words on why none could be read. */
  | { outcome: 'delivered'; reply?: unknown; replyProblem?: string }
  /** The consumer answered, but not 2xx. `gone` is 410: the subscription is disabled. */
  | { outcome: 'rejected'; status: number; gone: boolean; retryAfterSeconds: number | undefined }
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

export type DeadLetter = {
  id: string
  eventId: string
  type: string
  event: unknown
  attempts: number
  lastError: string
  failedAt: string
}
