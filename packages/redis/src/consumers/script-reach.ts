// Owns: whether a script on the log's keys may also write the keys of a consumer's queue or stream. A single Redis
// allows other hash tags, a cluster refuses them, and a proxy may refuse them or run the script on the wrong server. A
// user without a right to one of the keys is refused the whole script.
import { randomUUID } from 'node:crypto'
import { isAway } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { hashTag, scriptProbeKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { isRightMissing } from '../store-errors.ts'

export type ScriptReach = {
  /**
   * False until a probe has succeeded for this queue or stream. The first call starts the probe, once per process.
   * `keys`: all that the script would use of it.
   */
  reaches(sink: string, keys: () => readonly string[]): boolean
  /** A script was refused for a missing right: each of these is probed again before it is written to. */
  doubt(sinks: Iterable<string>): void
}

type State = 'probing' | 'reached' | 'out of reach' | { probedAgainAtMs: number }

const PROBE_MS = 10_000
/** How soon a right that somebody has granted takes effect. Until then the queue or stream is written to by itself. */
const RIGHT_MISSING_MS = 5_000

const writeProbe = defineScript({
  name: 'consumers/write-probe',
  keys: ['home', 'probe'],
  args: ['lifeMs'],
  moreKeys: 'others',
})

/** `home`: a key of the log. */
export function createScriptReach(redis: RedisConnection, home: string): ScriptReach {
  const states = new Map<string, State>()

  /** A script writes a key, and an ordinary command has to find it. Never rejects. */
  async function probe(sink: string, keys: readonly string[]): Promise<void> {
    const tag = hashTag(keys[0] ?? sink)
    // A random key, because another process may probe at the same moment.
    const key = scriptProbeKey(tag, randomUUID())
    try {
      await writeProbe(redis, { home, probe: key, lifeMs: PROBE_MS, others: keys })
      states.set(sink, (await redis.getdel(key)) === null ? 'out of reach' : 'reached')
    } catch (error) {
      if (isRightMissing(error)) states.set(sink, { probedAgainAtMs: performance.now() + RIGHT_MISSING_MS })
      // Redis is away: the next call probes again.
      else if (isAway(error)) states.delete(sink)
      else states.set(sink, 'out of reach')
    }
  }

  /** Keys with the log's own hash tag are within reach, as far as no right is missing. */
  function firstState(sink: string): State | undefined {
    if (hashTag(sink) !== hashTag(home)) return undefined
    states.set(sink, 'reached')
    return 'reached'
  }

  return {
    reaches(sink, keys) {
      const state = states.get(sink) ?? firstState(sink)
      if (typeof state === 'string') return state === 'reached'
      if (state === undefined || state.probedAgainAtMs <= performance.now()) {
        states.set(sink, 'probing')
        void probe(sink, keys())
      }
      return false
    },
    doubt(sinks) {
      for (const sink of sinks) if (states.get(sink) === 'reached') states.set(sink, { probedAgainAtMs: 0 })
    },
  }
}
