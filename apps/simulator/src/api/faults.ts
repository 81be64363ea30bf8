// Owns: faults of the API, injected on purpose: which calls they apply to, and how often.
import { randomUUID } from 'node:crypto'

export type FaultPlan = {
  /** Only calls about this account. */
  appId?: string
  /** Number of calls it applies to; left out: until removed. */
  times?: number
  /** Skips this number of calls first. */
  after?: number
  /** Delay before the call takes effect. */
  delayMs?: number
  /** Delay after it took effect, before the answer. */
  delayAnswerMs?: number
  /** As the delays, until the promise settles. Not over HTTP. */
  holdUntil?: Promise<unknown>
  holdAnswerUntil?: Promise<unknown>
  /** Resets the connection before the call takes effect. */
  resetBefore?: boolean
  /** Resets the connection after it took effect: a code is spent, a refresh token rotated, and the answer lost. */
  resetAfter?: boolean
  /** Resets the connection after this number of bytes of the answer's body. */
  cutAfterBytes?: number
  /** Refuses with this errcode. */
  errcode?: number
  errmsg?: string
  status?: number
  /** Replaces the body: HTML, truncated JSON, nothing. */
  body?: string
  contentType?: string
  /** With `errcode`, `status` or `body`: the call takes effect nevertheless. Default false. */
  takesEffect?: boolean
  /** Sends the answer in pieces of `bytes` (default 1), one per `everyMs`. */
  drip?: { everyMs: number; bytes?: number }
  /** Omits fields of the answer, at any depth: `['authorizer_refresh_token']`. */
  omit?: readonly string[]
  /** Replaces fields of the answer, at any depth: `{ authorizer_refresh_token: '' }`. */
  replace?: Readonly<Record<string, unknown>>
  /** Replaces the answer. Not over HTTP. */
  mutate?: (answer: Record<string, unknown>) => unknown
}

type ActiveFault = { id: string; api: string; plan: FaultPlan; caught: number }

export type Fault = {
  id: string
  /** Number of calls it applied to. */
  readonly caught: number
  remove(): void
}

export type Faults = {
  /** `api` as in the call log, or `*`. Only the first fault that matches a call applies. */
  add(api: string, plan: FaultPlan): Fault
  take(api: string, appId: string | undefined): ActiveFault | undefined
  remove(id: string): boolean
  clear(): void
  all(): readonly ActiveFault[]
}

export function createFaults(): Faults {
  const active: Array<ActiveFault & { toPass: number }> = []

  function remove(id: string): boolean {
    const index = active.findIndex((fault) => fault.id === id)
    if (index >= 0) active.splice(index, 1)
    return index >= 0
  }

  return {
    add: (api, plan) => {
      const fault = { id: randomUUID(), api, plan, caught: 0, toPass: plan.after ?? 0 }
      active.push(fault)
      return {
        id: fault.id,
        get caught() {
          return fault.caught
        },
        remove: () => {
          remove(fault.id)
        },
      }
    },
    take: (api, appId) => {
      for (const fault of active) {
        if (fault.api !== '*' && fault.api !== api) continue
        if (fault.plan.appId !== undefined && fault.plan.appId !== appId) continue
        if (fault.toPass > 0) {
          fault.toPass -= 1
          continue
        }
        fault.caught += 1
        if (fault.caught >= (fault.plan.times ?? Number.POSITIVE_INFINITY)) remove(fault.id)
        return fault
      }
      return undefined
    },
    remove,
    clear: () => {
      active.length = 0
    },
    all: () => active,
  }
}

/** Applies `omit`, `replace` and `mutate`. */
export function distort(answer: Record<string, unknown>, plan: FaultPlan): unknown {
  const changed = changeFields(answer, new Set(plan.omit), plan.replace ?? {})
  return plan.mutate ? plan.mutate(changed) : changed
}

function changeFields(
  node: Record<string, unknown>,
  omit: ReadonlySet<string>,
  replace: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const changed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(node)) {
    if (omit.has(name)) continue
    changed[name] = Object.hasOwn(replace, name) ? replace[name] : changeValue(value, omit, replace)
  }
  return changed
}

function changeValue(value: unknown, omit: ReadonlySet<string>, replace: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => changeValue(item, omit, replace))
  if (isRecord(value)) return changeFields(value, omit, replace)
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
