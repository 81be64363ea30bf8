// Owns: the values of the form, and their conversion from and to a subscription of the gateway.
import type { operations } from '../../api/schema.ts'
import type { Subscription } from '../../api/subscription-queries.ts'
import { linesOf } from '../../ui/checks.ts'

export type SubscriptionInput = operations['putSubscription']['requestBody']['content']['application/json']

/** `isAll`: the member is left out. An empty list matches nothing. */
export type Listed = { isAll: boolean; lines: string }

export const CONDITIONS = ['oneOf', 'prefix', 'exists', 'missing', 'not'] as const
type ConditionKind = (typeof CONDITIONS)[number]
/** `id`: of the form's row. */
export type ConditionDraft = { id: number; field: string; kind: ConditionKind; values: string }

export const SINKS = ['webhook', 'queue', 'stream'] as const
export const ORDERINGS = ['none', 'subject', 'authorizer'] as const

/** Numbers are text; '' is left out, which gives the gateway's default. */
export type Draft = {
  name: string
  authorizers: Listed
  types: Listed
  data: readonly ConditionDraft[]
  kind: (typeof SINKS)[number]
  url: string
  timeoutMs: string
  secret: string
  maxLength: string
  schedule: string
  ordering: (typeof ORDERINGS)[number]
  orderingTimeoutSeconds: string
  perSecond: string
  maxBacklog: string
  disableAfterSeconds: string
  reply: boolean
  fallback: boolean
}

export function newDraft(authorizers: Listed): Draft {
  return {
    name: '',
    authorizers,
    types: { isAll: true, lines: '' },
    data: [],
    kind: 'webhook',
    url: '',
    timeoutMs: '',
    secret: '',
    maxLength: '',
    schedule: '5, 300, 1800, 7200, 18000, 36000, 36000',
    ordering: 'none',
    orderingTimeoutSeconds: '',
    perSecond: '',
    maxBacklog: '',
    disableAfterSeconds: '',
    reply: false,
    fallback: false,
  }
}

export function draftOf(subscription: Subscription): Draft {
  const { name, match, sink, retry, throttle, ordering, reply, fallback } = subscription
  return {
    name,
    authorizers: listedOf(match.authorizers),
    types: listedOf(match.types),
    data: Object.entries(match.data ?? {}).map(([field, condition], id) => ({
      id,
      field,
      ...conditionDraft(condition),
    })),
    kind: sink.kind,
    url: sink.url ?? '',
    timeoutMs: textOf(sink.timeoutMs),
    secret: '',
    maxLength: textOf(sink.maxLength),
    schedule: retry.scheduleSeconds.join(', '),
    ordering,
    orderingTimeoutSeconds: textOf(subscription.orderingTimeoutSeconds),
    perSecond: textOf(throttle?.perSecond),
    maxBacklog: textOf(subscription.maxBacklog),
    disableAfterSeconds: textOf(subscription.disableAfterSeconds),
    reply,
    fallback: fallback !== null,
  }
}

/** `stored`: the subscription that it replaces; it keeps members that the form does not show. */
export function inputOf(draft: Draft, stored?: Subscription): SubscriptionInput {
  const { enabled, paused } = stored ?? {}
  return {
    match: matchOf(draft),
    sink: sinkOf(draft, stored?.sink),
    retry: { scheduleSeconds: partsOf(draft.schedule).map(Number) },
    ordering: draft.ordering,
    throttle: draft.perSecond === '' ? null : { perSecond: Number(draft.perSecond) },
    reply: draft.reply,
    fallback: draft.fallback ? 'customer-service' : null,
    ...(draft.orderingTimeoutSeconds === '' ? {} : { orderingTimeoutSeconds: Number(draft.orderingTimeoutSeconds) }),
    ...(draft.maxBacklog === '' ? {} : { maxBacklog: Number(draft.maxBacklog) }),
    ...(draft.disableAfterSeconds === '' ? {} : { disableAfterSeconds: Number(draft.disableAfterSeconds) }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(paused === undefined ? {} : { paused }),
  }
}

/** Splits a list at commas or blanks. */
export function partsOf(text: string): string[] {
  return text.split(/[\s,，]+/).filter((part) => part !== '')
}

function matchOf({ authorizers, types, data }: Draft): NonNullable<SubscriptionInput['match']> {
  return {
    ...(authorizers.isAll ? {} : { authorizers: linesOf(authorizers.lines) }),
    ...(types.isAll ? {} : { types: linesOf(types.lines) }),
    ...(data.length === 0 ? {} : { data: Object.fromEntries(data.map((row) => [row.field, conditionOf(row)])) }),
  }
}

type Condition = NonNullable<Subscription['match']['data']>[string]

function conditionOf({ kind, values }: ConditionDraft): Condition {
  switch (kind) {
    case 'oneOf':
      return linesOf(values)
    case 'prefix':
      return { prefix: values }
    case 'exists':
      return { exists: true }
    case 'missing':
      return { exists: false }
    case 'not':
      return { not: linesOf(values) }
  }
}

function conditionDraft(condition: Condition): Pick<ConditionDraft, 'kind' | 'values'> {
  if (Array.isArray(condition)) return { kind: 'oneOf', values: condition.join('\n') }
  if ('prefix' in condition) return { kind: 'prefix', values: condition.prefix }
  if ('not' in condition) return { kind: 'not', values: condition.not.join('\n') }
  return { kind: condition.exists ? 'exists' : 'missing', values: '' }
}

type StoredSink = Subscription['sink']

/** A queue or stream keeps the name that the gateway gave it. */
function sinkOf(draft: Draft, stored: StoredSink | undefined): SubscriptionInput['sink'] {
  const { kind, timeoutMs, secret, maxLength } = draft
  switch (kind) {
    case 'webhook':
      return {
        kind,
        url: draft.url.trim(),
        ...(timeoutMs === '' ? {} : { timeoutMs: Number(timeoutMs) }),
        ...(secret === '' ? {} : { secret: secret.trim() }),
      }
    case 'stream':
      return {
        kind,
        ...(maxLength === '' ? {} : { maxLength: Number(maxLength) }),
        ...(stored?.stream === undefined ? {} : { stream: stored.stream }),
      }
    case 'queue':
      return { kind, ...(stored?.queue === undefined ? {} : { queue: stored.queue }) }
  }
}

function listedOf(items: readonly string[] | undefined): Listed {
  return items === undefined ? { isAll: true, lines: '' } : { isAll: false, lines: items.join('\n') }
}

function textOf(value: number | undefined): string {
  return value === undefined ? '' : String(value)
}
