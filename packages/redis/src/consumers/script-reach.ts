// Owns: whether a script on the log's keys may also write keys with another hash tag (a queue or a stream). A single
// Redis allows it, a cluster refuses it, and a proxy may refuse it or run it on the wrong server.
import { randomUUID } from 'node:crypto'
import { isAway } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { hashTag, scriptProbeKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'

export type ScriptReach = {
  /**
   * False until a probe has succeeded for the hash tag of this key. The first call for a tag starts the probe, once per
   * process.
   */
  reaches(key: string): boolean
}

const PROBE_MS = 10_000

const writeProbe = defineScript({ name: 'consumers/write-probe', keys: ['home', 'probe'], args: ['lifeMs'] })

/** `home`: a key of the log. */
export function createScriptReach(redis: RedisConnection, home: string): ScriptReach {
  const known = new Map<string, 'unknown' | 'reached' | 'out of reach'>([[hashTag(home), 'reached']])

  /** A script writes a key, and an ordinary command has to find it. Never rejects. */
  async function check(tag: string): Promise<void> {
    // A random key, because another process may probe at the same moment.
    const probe = scriptProbeKey(tag, randomUUID())
    try {
      await writeProbe(redis, { home, probe, lifeMs: PROBE_MS })
      known.set(tag, (await redis.getdel(probe)) === null ? 'out of reach' : 'reached')
    } catch (error) {
      // Redis is away: the next call probes again.
      if (isAway(error)) known.delete(tag)
      else known.set(tag, 'out of reach')
    }
  }

  return {
    reaches(key) {
      const tag = hashTag(key)
      const state = known.get(tag)
      if (state === undefined) {
        known.set(tag, 'unknown')
        void check(tag)
      }
      return state === 'reached'
    },
  }
}
