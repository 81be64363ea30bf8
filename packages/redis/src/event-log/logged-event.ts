// Owns: formatting and parsing an event of the log in Redis.
import type { DeliveryState, GatewayEvent } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import type { AttemptInState } from './attempts.ts'

export type LoggedEvent = {
  id: string
  type: string
  source: string
  subject: string | null
  authorizerappid: string | null
  time: string
  receivedAt: string
  event: GatewayEvent
  deliveries: DeliveryState[]
}

type StoredState = Omit<DeliveryState, 'subscription'>

const NO_ATTEMPT: Partial<AttemptInState> = {}

/** The prefix of the field with a delivery's state. */
export const DELIVERY = 'd:'
const DELIVERING_JOB = 'j:'

export function deliveryField(subscription: string): string {
  return DELIVERY + subscription
}

/** The field with the id of the delivering job, when that is not the event's id. */
export function jobField(subscription: string): string {
  return DELIVERING_JOB + subscription
}

/** `status` is the first member, as delivered.lua expects; `answer` is the last, as keep-attempt.lua expects. */
export function formatState(state: StoredState, attempt?: AttemptInState): string {
  const { status, attempts, lastError, deliveredAt } = state
  const { startedAtMs, durationMs, httpStatus, worker, answer } = attempt ?? NO_ATTEMPT
  return JSON.stringify({
    status,
    attempts,
    lastError,
    deliveredAt,
    startedAtMs,
    durationMs,
    httpStatus,
    worker,
    answer,
  })
}

/** undefined when there is no such event (any more). */
export function parseLoggedEvent(fields: Readonly<Record<string, string>>): LoggedEvent | undefined {
  const text = fields['event']
  if (text === undefined) return undefined
  const event = parseEvent(text)
  const deliveries = Object.entries(fields)
    .filter(([field]) => field.startsWith(DELIVERY))
    .map(([field, state]) => ({ subscription: field.slice(DELIVERY.length), ...parseState(state) }))
    .toSorted((left, right) => (left.subscription < right.subscription ? -1 : 1))
  return {
    id: event.id,
    type: event.type,
    source: event.source,
    subject: event.subject ?? null,
    authorizerappid: event.authorizerappid ?? null,
    time: event.time,
    receivedAt: new Date(Number(fields['receivedAtMs'] ?? 0)).toISOString(),
    event,
    deliveries,
  }
}

/** The text was written by this package, from a GatewayEvent. */
export function parseEvent(text: string): GatewayEvent {
  const event: unknown = JSON.parse(text)
  if (typeof event !== 'object' || event === null || !('id' in event) || !('type' in event)) {
    throw new GatewayError('INTERNAL', 'a stored event cannot be read')
  }
  return event as GatewayEvent
}

export function parseState(text: string): StoredState {
  const { status, attempts, lastError, deliveredAt } = JSON.parse(text) as StoredState
  return { status, attempts, lastError, deliveredAt }
}
