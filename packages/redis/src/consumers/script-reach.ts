// Owns: whether a script on the log's keys reaches those of a queue or a stream, whose hash tag is another. It does
// where Redis is in one part; a cluster refuses it, and a proxy before several servers may refuse it, too, or run it on
// the wrong one.
import { randomUUID } from 'node:crypto'
import { isAway } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { hashTag, scriptProbeKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'

export type ScriptReach = {
  /**
   * False until it is proven for the hash tag of this key; the first call for a tag starts the proof, once per process.
   */
  reaches(key: string): boolean
}

const PROBE_MS = 10_000

const writeProbe = defineScript({ name: 'consumers/write-probe', keys: ['home', 'probe'], args: ['lifeMs'] })

/** `home`: a key of the log. */
export function createScriptReach(redis: RedisConnection, home: string): ScriptReach {
  const known = new Map<string, 'unproven' | 'reached' | 'out of reach'>([[hashTag(home), 'reached']])

  /** An ordinary command has to find what the script wrote. Never rejects. */
  async function prove(tag: string): Promise<void> {
    // Another process may prove it at the same moment.
    const probe = scriptProbeKey(tag, randomUUID())
    try {
      await writeProbe(redis, { home, probe, lifeMs: PROBE_MS })
      known.set(tag, (await redis.getdel(probe)) === null ? 'out of reach' : 'reached')
    } catch (error) {
      // A Redis that is away proves nothing.
      if (isAway(error)) known.delete(tag)
      else known.set(tag, 'out of reach')
    }
  }

  return {
    reaches(key) {
      const tag = hashTag(key)
      const state = known.get(tag)
      if (state === undefined) {
        known.set(tag, 'unproven')
        void prove(tag)
      }
      return state === 'reached'
    },
  }
}
