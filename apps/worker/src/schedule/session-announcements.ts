// Owns: emitting the events of ended authorization sessions whose own process could not emit them, and counting those
// that have expired.
import type { Platform } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

type AnnouncingPlatform = { id: string; sessions: Pick<Platform['sessions'], 'announceLeft' | 'countExpired'> }

type SessionAnnouncementsDeps = {
  platforms: ReadonlyMap<string, AnnouncingPlatform>
  log: Log
  everyMs?: number
}

const EVERY_MS = 5_000

/** Every worker does it: the event has the same id in each, and is de-duplicated. */
export function startSessionAnnouncements({
  platforms,
  log,
  everyMs = EVERY_MS,
}: SessionAnnouncementsDeps): Repetition {
  return repeat({ firstMs: everyMs, everyMs }, async () => {
    for (const { id, sessions } of platforms.values()) {
      try {
        const announced = await sessions.announceLeft()
        if (announced > 0) log.info({ platform: id, announced }, 'sessions.announced')
        await sessions.countExpired()
      } catch (error) {
        log.warn({ err: error, platform: id }, 'sessions.not_announced')
      }
    }
  })
}
