// Owns: what the file of a process does to the subscriptions that it declares: which are created, changed or disabled at its start,
// and what of them it makes good later.
import { createHash } from 'node:crypto'
import type { SubscriptionInput } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import type { SubscriptionRecord } from './subscription-record.ts'

/** `input` without the secret of a webhook, which stands beside it. */
export type Declaration = { name: string; input: SubscriptionInput; secret: string | undefined }

/** In the record of a declared subscription. */
export type Declared = {
  /** Of the declaration that was applied last, its secret aside. */
  digest: string
  /** It left the file of the process that started last. */
  left?: true
  /** What a caller of the API wanted last; outlives restarts. */
  enabledByApi?: boolean
}

export type DeclaredOutcome = {
  created: string[]
  changed: string[]
  /** They left the file. */
  disabled: string[]
  /** Stored as another process' file declares them. */
  different: string[]
}

export function digestOf({ name, input }: Declaration): string {
  return createHash('sha256').update(JSON.stringify([name, sorted(input)])).digest('base64url')
}

/** Members in one order, so that the same file read anew gives the same digest. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]))
}

/** Throws SUBSCRIPTION_DECLARED: the file alone writes it. One that left the file is anybody's. */
export function assertNotDeclared(record: SubscriptionRecord | undefined): void {
  if (!record?.declared || record.declared.left) return
  throw new GatewayError('SUBSCRIPTION_DECLARED', 'this subscription is declared in CONFIG_FILE: change it there')
}
