// Owns: reading the size of events and the states of their deliveries, without the events themselves.
import type { DeliveryStatus } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import { parseState } from './logged-event.ts'

/** Events with a delivery to one of these subscriptions, in one of these statuses (default any). */
export type DeliveryFilter = { subscriptions: readonly string[]; statuses?: readonly DeliveryStatus[] | undefined }

/** `type` undefined: the event has expired or was dropped, but is still in the index. */
export type DescribedEvent = {
  bytes: number
  type: string | undefined
  authorizer: string | undefined
  deliveries: ReadonlyArray<{ subscription: string; status: DeliveryStatus }>
}

/** Events per call, so that a call does not keep Redis busy for long. */
const MAX_BATCH = 250

const describe = defineScript({ name: 'event-log/describe-deliveries', eachKeys: ['event'] })

/** `keys` share a hash tag. */
export async function describeDeliveries(redis: RedisConnection, keys: readonly string[]): Promise<DescribedEvent[]> {
  const described: DescribedEvent[] = []
  for (let start = 0; start < keys.length; start += MAX_BATCH) {
    const each = keys.slice(start, start + MAX_BATCH).map((event) => ({ event }))
    const answer = await describe(redis, { each })
    described.push(...(Array.isArray(answer) ? answer.map(parseDescribed) : []))
  }
  return described
}

export function deliveryMatcher({ subscriptions, statuses }: DeliveryFilter): (event: DescribedEvent) => boolean {
  const names = new Set(subscriptions)
  return ({ deliveries }) =>
    deliveries.some(({ subscription, status }) => names.has(subscription) && (statuses?.includes(status) ?? true))
}

function parseDescribed(answer: unknown): DescribedEvent {
  const [bytes, type, authorizer, ...flat] = Array.isArray(answer) ? answer.map(String) : []
  const deliveries: Array<{ subscription: string; status: DeliveryStatus }> = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const state = flat[index + 1]
    if (state) deliveries.push({ subscription: flat[index] ?? '', status: parseState(state).status })
  }
  return { bytes: Number(bytes ?? 0), type: type || undefined, authorizer: authorizer || undefined, deliveries }
}
