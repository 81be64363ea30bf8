// Owns: subscriptions in memory, with their dead letters, figures and replays.
import type { Subscription, SubscriptionInput } from '@wxgw/contracts'
import type { DeleteOptions, PutOptions, Replay, SubscriptionsAsked } from '@wxgw/redis'
import { APPID_A, subscription } from '../samples.ts'
import type { Recorder } from './recorder.ts'

export type SubscriptionState = {
  subscriptions: Map<string, Subscription>
  /** By `subscription id`. */
  replays: Map<string, Replay>
}

export const subscriptionState = (): SubscriptionState => ({ subscriptions: new Map(), replays: new Map() })

const DEAD_LETTER = {
  id: 'd1',
  eventId: 'ev_1',
  type: 'wechat.message.text',
  attempts: 3,
  lastError: 'status 500',
  failedAt: '2026-01-01T00:00:00.000Z',
}

const NO_DELIVERIES = {
  waiting: 0,
  oldestWaitingMs: null,
  longestDueMs: null,
  inFlight: 0,
  deadLetters: 0,
  deadLettersByReason: {},
  delivered1h: 0,
  failed1h: 0,
  p50Ms: null,
  p95Ms: null,
  breaker: 'closed',
  failingSinceMs: undefined,
  lastSuccessAtMs: undefined,
  lastError: undefined,
} as const

export function fakeSubscriptions(fake: Recorder & SubscriptionState & { nextPosition: string | null }) {
  const { method } = fake
  const changed = (name: string, assertMayChange?: (known: Subscription) => void) => {
    const known = fake.subscriptions.get(name)
    if (known) assertMayChange?.(known)
    return known
  }
  return {
    subscriptions: {
      put: method('subscriptions.put', (name: string, { match, sink }: SubscriptionInput, options: PutOptions = {}) => {
        const created = changed(name, options.assertMayReplace) === undefined
        const put = subscription(name, {
          match: { authorizers: match?.authorizers, types: match?.types },
          sink:
            sink.kind === 'webhook'
              ? { kind: 'webhook', url: sink.url, timeoutMs: 10_000 }
              : { kind: 'queue', queue: 'q' },
        })
        fake.subscriptions.set(name, put)
        return { subscription: put, created, secret: created && sink.kind === 'webhook' ? 'whsec_once' : undefined }
      }),
      get: method('subscriptions.get', (name: string) => fake.subscriptions.get(name)),
      list: method('subscriptions.list', ({ isShown = () => true }: SubscriptionsAsked) => ({
        items: [...fake.subscriptions.values()].filter(isShown),
        nextCursor: fake.nextPosition,
      })),
      delete: method('subscriptions.delete', (name: string, options: DeleteOptions = {}) => {
        options.assertMayDelete?.(fake.subscriptions.get(name))
        return fake.subscriptions.delete(name)
      }),
      patch: method(
        'subscriptions.patch',
        (name: string, _switches: object, assertMayChange?: (known: Subscription) => void) => {
          return changed(name, assertMayChange)
        },
      ),
      rotateSecret: method(
        'subscriptions.rotateSecret',
        (name: string, assertMayChange?: (known: Subscription) => void) => {
          return changed(name, assertMayChange) && 'whsec_new'
        },
      ),
      known: () => undefined,
      all: method('subscriptions.all', () => [...fake.subscriptions.values()]),
    },
    stats: { read: method('stats.read', (_subscription: string) => NO_DELIVERIES) },
    deadLetters: {
      list: method('deadLetters.list', (name: string) => ({
        items: [
          { ...DEAD_LETTER, event: { name, authorizerappid: APPID_A, data: { MsgType: 'text', Content: 'hi' } } },
        ],
        nextCursor: fake.nextPosition,
      })),
      replay: method('deadLetters.replay', (_name: string, ids?: readonly string[]) => ids?.length ?? 7),
      discard: method('deadLetters.discard', (_name: string, ids?: readonly string[]) => ids?.length ?? 7),
    },
    replays: {
      begin: method('replays.begin', () => ({ id: 'r0a', matched: 3 })),
      get: method('replays.get', (name: string, id: string) => fake.replays.get(`${name} ${id}`)),
      list: method('replays.list', (name: string, _page: object) => ({
        items: [...fake.replays.values()].filter((replay) => replay.subscription === name),
        nextCursor: fake.nextPosition,
      })),
      change: method('replays.change', (name: string, id: string) => {
        const replay = fake.replays.get(`${name} ${id}`)
        if (!replay) return 'unknown'
        return replay.endedAtMs === undefined ? 'changed' : 'ended'
      }),
    },
  }
}
