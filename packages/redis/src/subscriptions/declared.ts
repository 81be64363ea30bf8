// Owns: applying the subscriptions that a file declares: which are created, changed or disabled at a start, and which
// are restored later. Each decision is made on the record that the change replaces.
import { createHash } from 'node:crypto'
import type { SubscriptionInput } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import { isDeclared, type SubscriptionRecord, type Switches, withSwitches } from './subscription-record.ts'

/** `input` contains no secret; `secret` is that of a webhook. */
export type Declaration = { name: string; input: SubscriptionInput; secret: string | undefined }

/** The part of a record of a declared subscription. */
export type Declared = {
  /** The digest of the last applied declaration, without its secret. */
  digest: string
  /** The file of the process that started last does not declare it any more. */
  left?: true
  /** The last change by the API. It outlives restarts. */
  enabledByApi?: boolean
  pausedByApi?: boolean
}

export type DeclaredOutcome = {
  created: string[]
  changed: string[]
  /** Not in the file any more. */
  disabled: string[]
  /** Stored with the declaration of another file. */
  different: string[]
  /** Not stored because of INVALID_REQUEST. */
  refused: string[]
}

export type NextRecord = {
  name: string
  input: SubscriptionInput
  known: SubscriptionRecord | undefined
  declared?: Declared
}

type Decide = (known: SubscriptionRecord | undefined) => SubscriptionRecord | undefined
type Stored = { byName: ReadonlyMap<string, SubscriptionRecord> }

type DeclareDeps = {
  stored(): Promise<Stored>
  nextRecord(next: NextRecord): { record: SubscriptionRecord }
  change(name: string, decide: Decide): Promise<{ before: SubscriptionRecord | undefined }>
  /** Completes a deletion that a process left unfinished. */
  clearDeleted(name: string): Promise<void>
  nowMs(): number
}

type Declare = (declarations: readonly Declaration[], options: { isStart: boolean }) => Promise<DeclaredOutcome>

/** @see Subscriptions.declare */
export function createDeclare(deps: DeclareDeps): Declare {
  return async (declarations, { isStart }) => {
    const { byName } = await deps.stored()
    const outcome: DeclaredOutcome = { created: [], changed: [], disabled: [], different: [], refused: [] }
    for (const declaration of declarations) {
      const known = byName.get(declaration.name)
      // Between two starts, existing records are not changed.
      const what = known && !isStart ? compared(declaration, known) : await applied(deps, declaration)
      if (what !== 'same') outcome[what].push(declaration.name)
    }
    const names = new Set(declarations.map(({ name }) => name))
    for (const [name, { declared }] of byName) {
      if (!declared || declared.left || names.has(name)) continue
      if (isStart) await deps.change(name, (known) => leaving(known, deps.nowMs()))
      outcome[isStart ? 'disabled' : 'different'].push(name)
    }
    return outcome
  }
}

function compared(declaration: Declaration, known: SubscriptionRecord): 'same' | 'different' {
  return isApplied(known, digestOf(declaration)) ? 'same' : 'different'
}

async function applied(
  deps: DeclareDeps,
  declaration: Declaration,
): Promise<'same' | 'created' | 'changed' | 'refused'> {
  const { name } = declaration
  let what: 'same' | 'created' | 'changed' = 'same'
  try {
    await deps.clearDeleted(name)
    await deps.change(name, (known) => {
      const next = nextOf(deps, declaration, known)
      what = next === undefined ? 'same' : known ? 'changed' : 'created'
      return next
    })
    return what
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'INVALID_REQUEST') return 'refused'
    throw error
  }
}

/** undefined when the record, including its secret, is up to date: then a start changes nothing. */
function nextOf(
  { nextRecord }: DeclareDeps,
  declaration: Declaration,
  known: SubscriptionRecord | undefined,
): SubscriptionRecord | undefined {
  const { name, secret } = declaration
  const digest = digestOf(declaration)
  const { sink } = declaration.input
  const input = {
    ...declaration.input,
    sink: sink.kind === 'webhook' && secret !== undefined ? { ...sink, secret } : sink,
  }
  const byApi = known?.declared ? switchesByApi(known.declared) : {}
  const declared = withByApi({ digest }, byApi)
  const { record } = nextRecord({ name, input, known, declared })
  if (!isApplied(known, digest)) return withSwitches(record, byApi, record.subscription.updatedAtMs)
  if (known !== undefined && isSameSecret(known, record)) return undefined
  // A webhook that answered 410 stays disabled until its declaration changes.
  return withSwitches(record, known?.subscription ?? {}, record.subscription.updatedAtMs)
}

function switchesByApi({ enabledByApi: enabled, pausedByApi: paused }: Declared): Switches {
  return { enabled, paused }
}

/** `changed` replaces earlier changes by the API. */
export function withByApi(declared: Declared, changed: Switches): Declared {
  const { enabled: enabledByApi = declared.enabledByApi, paused: pausedByApi = declared.pausedByApi } = changed
  return {
    ...declared,
    ...(enabledByApi === undefined ? {} : { enabledByApi }),
    ...(pausedByApi === undefined ? {} : { pausedByApi }),
  }
}

function isSameSecret(known: SubscriptionRecord, next: SubscriptionRecord): boolean {
  return known.secrets[0]?.sealed === next.secrets[0]?.sealed
}

function isApplied(known: SubscriptionRecord | undefined, digest: string): boolean {
  return known?.declared?.digest === digest && !known.declared.left
}

function leaving(known: SubscriptionRecord | undefined, nowMs: number): SubscriptionRecord | undefined {
  if (!known?.declared || known.deleting) return undefined
  const disabled = withSwitches(known, { enabled: false }, nowMs)
  return {
    ...disabled,
    subscription: { ...disabled.subscription, declared: false },
    declared: { digest: known.declared.digest, left: true },
  }
}

function digestOf({ name, input }: Declaration): string {
  return createHash('sha256')
    .update(JSON.stringify([name, sorted(input)]))
    .digest('base64url')
}

/** Sorts the members, so that equal declarations have equal digests. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]))
}

/** Throws SUBSCRIPTION_DECLARED for a subscription that only its file may change. */
export function assertNotDeclared(record: SubscriptionRecord | undefined): void {
  if (!record || !isDeclared(record)) return
  throw new GatewayError('SUBSCRIPTION_DECLARED', 'this subscription is declared in CONFIG_FILE: change it there')
}
