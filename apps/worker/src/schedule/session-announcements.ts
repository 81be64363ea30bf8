// Owns: announcing ended authorization sessions that the process which ended them could not announce.
import type { Platform } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

type AnnouncingPlatform = { id: string; sessions: Pick<Platform['sessions'], 'announceLeft'> }

export type SessionAnnouncementsDeps = {
  platforms: ReadonlyMap<string, AnnouncingPlatform>
  log: Log
  everyMs?: number
}

const EVERY_MS = 5_000

/** Every worker does it: an event has one id, whoever announces it. */
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
      } catch (error) {
        log.warn({ err: error, platform: id }, 'sessions.not_announced')
      }
    }
  })
}
