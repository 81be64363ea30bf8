// Owns: a subscription with every default, for tests that want one without a store.
import type { Subscription } from '@wxgw/contracts'

export function sampleSubscription(name: string, changes: Partial<Subscription> = {}): Subscription {
  return {
    name,
    platform: 'open1',
    match: { authorizers: undefined, types: undefined },
    sink: { kind: 'queue', queue: `{wx-queue.open1.${name}}` },
    retry: { scheduleSeconds: [5] },
    reply: false,
    fallback: null,
    ordering: 'none',
    orderingTimeoutSeconds: 60,
    throttle: null,
    maxBacklog: 1_000_000,
    disableAfterSeconds: 432_000,
    enabled: true,
    paused: false,
    declared: false,
    createdAtMs: 0,
    updatedAtMs: 0,
    ...changes,
  }
}
