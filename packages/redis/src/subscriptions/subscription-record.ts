// Owns: the stored record of a subscription: formatting and parsing it.
import {
  DEFAULT_DISABLE_AFTER_SECONDS,
  DEFAULT_MAX_BACKLOG,
  DEFAULT_ORDERING_TIMEOUT_SECONDS,
  type Subscription,
} from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import type { Declared } from './declared.ts'
import { replaceSecret, type SealedSecret } from './webhook-secret.ts'

export type SubscriptionRecord = {
  v: 1
  subscription: Subscription
  /** A webhook's secrets: the current one first, then the replaced ones. Empty for other sinks. */
  secrets: SealedSecret[]
  /**
   * Created when names were joined by `.` already: it has no data under the names of earlier versions (old-names.ts).
   */
  dotted?: true
  /** Since when no data was found under old names. Stored, so that a restart does not restart the time. */
  nothingOldSinceMs?: number
  /** The queue that the consumer used before; its jobs are being moved to `sink.queue`. */
  movedFrom?: { queue: string; sinceMs: number }
  /** Set while a CONFIG_FILE declares it. */
  declared?: Declared
  /** Deleted for all callers. Stored until its queues are cleared, so that a crash does not interrupt the deletion. */
  deleting?: true
}

/** A missing member is not changed. */
export type Switches = { enabled?: boolean | undefined; paused?: boolean | undefined }

export function withSwitches(record: SubscriptionRecord, switches: Switches, nowMs: number): SubscriptionRecord {
  const { enabled = record.subscription.enabled, paused = record.subscription.paused } = switches
  return { ...record, subscription: { ...record.subscription, enabled, paused, updatedAtMs: nowMs } }
}

export function withSecret(
  record: SubscriptionRecord,
  { sealed, nowMs }: { sealed: string; nowMs: number },
): SubscriptionRecord {
  const subscription = { ...record.subscription, updatedAtMs: nowMs }
  return { ...record, subscription, secrets: replaceSecret(record.secrets, sealed, nowMs) }
}

/** Members that records of earlier versions lack. */
const NOT_IN_OLD_RECORDS = {
  ordering: 'none' as const,
  orderingTimeoutSeconds: DEFAULT_ORDERING_TIMEOUT_SECONDS,
  throttle: null,
  maxBacklog: DEFAULT_MAX_BACKLOG,
  disableAfterSeconds: DEFAULT_DISABLE_AFTER_SECONDS,
  paused: false,
}

/** False for a subscription that is not in the file any more. */
export function isDeclared({ declared }: Pick<SubscriptionRecord, 'declared'>): boolean {
  return declared !== undefined && !declared.left
}

export function formatRecord(record: SubscriptionRecord): string {
  return JSON.stringify(record)
}

/** Checks only the outline, because this package wrote the text. Throws INTERNAL for anything else. */
export function parseRecord(text: string): SubscriptionRecord {
  const record: unknown = JSON.parse(text)
  if (
    typeof record !== 'object' ||
    record === null ||
    !('v' in record) ||
    record.v !== 1 ||
    !('subscription' in record)
  ) {
    throw new GatewayError('INTERNAL', 'a stored subscription cannot be read')
  }
  const { subscription, ...rest } = record as SubscriptionRecord
  // JSON has no undefined: a missing member means the same.
  const { match, sink } = subscription
  return {
    ...rest,
    subscription: {
      ...NOT_IN_OLD_RECORDS,
      ...subscription,
      match: { authorizers: match.authorizers, types: match.types, data: match.data },
      sink: sink.kind === 'stream' ? { ...sink, maxLength: sink.maxLength } : sink,
      declared: isDeclared(rest),
    },
  }
}
