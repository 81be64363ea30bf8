// Owns: a subscription as it stands in Redis, and the two ways between that text and the process.
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
  /** Of a webhook: the current one first, then those that it replaced. Empty for other sinks. */
  secrets: SealedSecret[]
  /**
   * Created when `.` separated the parts of names already: nothing of it stands under the names of earlier versions
   * (old-names.ts).
   */
  dotted?: true
  /** Since when nothing has been found there; kept here so that a restart does not begin to count anew. */
  nothingOldSinceMs?: number
  /** The queue that the consumer opened until then; its jobs are on their way to `sink.queue`. */
  movedFrom?: { queue: string; sinceMs: number }
  /** Set when a CONFIG_FILE declares it. */
  declared?: Declared
  /** Deleted for everybody; kept until its queues are cleared, so that a crash in between is made good later. */
  deleting?: true
}

/** What is left out stays. */
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

/** Records of earlier versions have none of these. */
const NOT_IN_OLD_RECORDS = {
  ordering: 'none' as const,
  orderingTimeoutSeconds: DEFAULT_ORDERING_TIMEOUT_SECONDS,
  throttle: null,
  maxBacklog: DEFAULT_MAX_BACKLOG,
  disableAfterSeconds: DEFAULT_DISABLE_AFTER_SECONDS,
  paused: false,
}

/** One that left the file is anybody's. */
export function isDeclared({ declared }: Pick<SubscriptionRecord, 'declared'>): boolean {
  return declared !== undefined && !declared.left
}

export function formatRecord(record: SubscriptionRecord): string {
  return JSON.stringify(record)
}

/** Only this package writes them, so the outline is enough; throws INTERNAL on anything else. */
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
