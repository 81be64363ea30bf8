// Owns: recorded events in memory, what is sent of them once more, and statistics.
import type { EventFeed, EventFilter, LoggedEvent, ReplyOutcome } from '@wxgw/platform'
import type { StatisticsAsked } from '@wxgw/redis'
import { NOW_MS } from '../samples.ts'
import type { Recorder } from './recorder.ts'

export type EventState = {
  events: Map<string, LoggedEvent>
  keepsEventLog: boolean
  /** By event id; `unknown` for all others. */
  replyOutcomes: Map<string, ReplyOutcome>
  /** For the statistics. */
  counted: string[]
}

export const eventState = (): EventState => ({
  events: new Map(),
  keepsEventLog: true,
  replyOutcomes: new Map(),
  counted: [],
})

const SOME_SUMS = { pushes: 3, duplicates: 1, delivered: 2, failed: 0, dead: 0, refreshed: 0, refreshFailed: 0 }
const AT = '2026-01-01T00:00:00.000Z'
const AN_ATTEMPT = {
  attempt: 1,
  at: AT,
  durationMs: 18,
  outcome: 'failed' as const,
  httpStatus: 500,
  error: 'HTTP 500',
  answer: 'busy',
  worker: 'host:4711',
  nextAttemptAt: null,
}

export function fakeEvents(fake: Recorder & EventState & { nextPosition: string | null }) {
  const { method } = fake
  const feed: EventFeed = {
    end: method('feed.end', () => [{ ms: NOW_MS, number: 0 }]),
    // Of a platform where nothing happens any more.
    follow: async function* () {},
    shardCount: 1,
  }
  return {
    events: {
      get: method('events.get', (eventId: string) => fake.events.get(eventId)),
      attempts: method('events.attempts', (eventId: string, _page: object) => {
        const items = (fake.events.get(eventId)?.deliveries ?? []).map(({ subscription }) => ({
          subscription,
          ...AN_ATTEMPT,
        }))
        return { items, nextCursor: fake.nextPosition }
      }),
      find: method('events.find', (_filter: EventFilter) => ({
        items: [...fake.events.values()],
        nextCursor: fake.nextPosition,
      })),
    },
    feed,
    erasure: { begin: method('erasure.begin', (_user: object) => 3) },
    jobs: {
      platformEvent: method('jobs.platformEvent', () => 'accepted' as const),
      replay: method('jobs.replay', () => undefined),
      sync: method('jobs.sync', () => ({ jobId: 'job-1' })),
    },
    replies: {
      expect: () => Promise.reject(new Error('no route waits for a reply by itself')),
      endWait: () => Promise.reject(new Error('no route ends a wait')),
      offer: method('replies.offer', (eventId: string) => fake.replyOutcomes.get(eventId) ?? 'unknown'),
    },
    statistics: {
      count: (what: string) => void fake.counted.push(what),
      refused: (code: string, address: string) => void fake.counted.push(`${code} ${address}`),
      read: method('statistics.read', (_asked: StatisticsAsked) => [{ at: AT, ...SOME_SUMS }]),
      refusedPushes: method('statistics.refusedPushes', () => [
        { code: 'SIGNATURE_MISMATCH' as const, count1h: 2, lastAt: AT, lastAddress: '192.0.2.1' },
      ]),
    },
  }
}
