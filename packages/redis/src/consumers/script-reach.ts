// Owns: whether a script on the log's keys reaches those of a queue or a stream, whose hash tag is another. It does
// where Redis is in one part; a cluster refuses it, and what stands before several servers may do either, or run it
// on the wrong one.
import { randomUUID } from 'node:crypto'
import { isAway } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { hashTag, scriptProbeKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'

export type ScriptReach = {
  /**
   * The keys that have the hash tag of this one. Not until that is proven; the first call for a tag starts the proof,
   * once in the life of the process.
   */
  reaches(key: string): boolean
}

const PROBE_MS = 10_000

const writeProbe = defineScript({ name: 'event-log/write-probe', keys: ['home', 'probe'], args: ['lifeMs'] })

/** `home`: a key of the log. */
export function createScriptReach(redis: RedisConnection, home: string): ScriptReach {
  const known = new Map<string, 'asked' | 'reached' | 'out of reach'>([[hashTag(home), 'reached']])

  /** What the script wrote has to stand where everybody else finds it. Never rejects. */
  async function ask(tag: string): Promise<void> {
    // Another process may ask at the same moment.
    const probe = scriptProbeKey(tag, randomUUID())
    try {
      await writeProbe(redis, { home, probe, lifeMs: PROBE_MS })
      known.set(tag, (await redis.getdel(probe)) === null ? 'out of reach' : 'reached')
    } catch (error) {
      // Of a Redis that is away nothing was learned.
      if (isAway(error)) known.delete(tag)
      else known.set(tag, 'out of reach')
    }
  }

  return {
    reaches(key) {
      const tag = hashTag(key)
      const state = known.get(tag)
      if (state === undefined) {
        known.set(tag, 'asked')
        void ask(tag)
      }
      return state === 'reached'
    },
  }
}
