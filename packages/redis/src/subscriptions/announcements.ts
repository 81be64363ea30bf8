// Owns: the announcements about subscriptions, stored until any worker emits them as events. A bounded number of dead
// letters is announced per minute, with a count of the others.
import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'

/** `failures`: in a row, `sinceMs`: since the first of them. */
type FailureAnnouncement = {
  kind: 'failing' | 'recovered' | 'disabled'
  subscription: string
  failures: number
  sinceMs: number
  lastError: string | null
}

type NewDeadLetter = {
  subscription: string
  eventId: string
  eventType: string
  attempts: number
  reason: string
}

/** `leftOut`: earlier dead letters of the subscription that were not announced. */
type DeadLetterAnnouncement = NewDeadLetter & { kind: 'dead_letter'; leftOut: number }

/** `id`: the id of the event that is emitted. */
export type Announcement = { id: string; about: FailureAnnouncement | DeadLetterAnnouncement }

/** Why a subscription was disabled. */
export type DisabledAfter = Pick<FailureAnnouncement, 'failures' | 'sinceMs'> & { lastError: string }

/** All reject with STORE_UNAVAILABLE. */
export type Announcements = {
  /** The announcements that were not emitted yet. */
  toAnnounce(): Promise<Announcement[]>
  announced(id: string): Promise<void>
  /** False: the limit of this minute is reached. The next announcement counts this dead letter. */
  noteDeadLetter(dead: NewDeadLetter): Promise<boolean>
}

type AnnouncementKeys = Pick<PlatformKeys, 'healthAnnouncements' | 'deadLetterWindows'>

/** Per subscription and minute, over all workers. */
const DEAD_LETTERS_ANNOUNCED = 10
const WINDOW_MS = 60_000

const KEYS = ['announcements', 'windows'] as const
const noteDeadLetter = defineScript({
  name: 'subscriptions/note-dead-letter',
  keys: KEYS,
  args: ['subscription', 'id', 'about', 'maxAnnounced', 'windowMs'],
})
const endWindows = defineScript({ name: 'subscriptions/end-windows', keys: KEYS, args: ['windowMs'] })

type AnnouncementsDeps = { redis: RedisConnection; keys: AnnouncementKeys; windowMs?: number }

export function createAnnouncements({ redis, keys, windowMs = WINDOW_MS }: AnnouncementsDeps): Announcements {
  const scriptKeys = { announcements: keys.healthAnnouncements, windows: keys.deadLetterWindows }
  return {
    toAnnounce: () =>
      guardStore(async () => {
        await endWindows(redis, { ...scriptKeys, windowMs })
        return Object.entries(await redis.hgetall(keys.healthAnnouncements)).map(([id, text]) =>
          parseAnnouncement(id, text),
        )
      }),

    announced: (id) => guardStore(async () => void (await redis.hdel(keys.healthAnnouncements, id))),

    noteDeadLetter: (dead) =>
      guardStore(async () => {
        const about = JSON.stringify({ kind: 'dead_letter', ...dead })
        const named = {
          subscription: dead.subscription,
          id: announcementId(),
          about,
          maxAnnounced: DEAD_LETTERS_ANNOUNCED,
          windowMs,
        }
        return (await noteDeadLetter(redis, { ...scriptKeys, ...named })) === 1
      }),
  }
}

/** A field and a value of the hash, for the step that disables the subscription. */
export function disabledAnnouncement(subscription: string, after: DisabledAfter): [id: string, text: string] {
  return [announcementId(), JSON.stringify({ kind: 'disabled', subscription, ...after })]
}

/** The id of the event. */
export function announcementId(): string {
  return `gw_${randomUUID()}`
}

/** The text was written by this file or by report-health.lua. */
function parseAnnouncement(id: string, text: string): Announcement {
  const about = JSON.parse(text) as Announcement['about']
  return { id, about: about.kind === 'dead_letter' ? about : { ...about, lastError: about.lastError ?? null } }
}
