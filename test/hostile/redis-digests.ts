// Owns: which keys of Redis changed, but for those that the processes write by themselves.
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { until } from '../helpers/until.ts'

// What turns without anybody asking: the readiness probe, workers' heartbeats, BullMQ's clock of stalled jobs, the daily audit's date, deliveries on their
// way into the log, what each process has counted in a minute; and what a failed refresh before leaves for a second.
export const COUNTS =
  /^wx:(\{open1\}:(statistics:|refused_pushes$|delivery_(counts|health):)|\{wx-console\}:|\{[a-z0-9-]+\}:(figures|gathering)$)/
const TURNING = /^wx:\{open1\}:(next_audit|settling|refresh_error:)/
const BACKGROUND_KEYS = [/^wx:\{health\}:probe$/, /^wx:\{wx-messages\}:workers$/, /:stalled-check$/, TURNING, COUNTS]
export type Digest = ReadonlyMap<string, string>

export type Digests = {
  /** Every key but those that turn in the background, with a digest of its value. */
  digest(): Promise<Digest>
  /** Names of keys that came, went or changed. */
  changes(before: Digest): Promise<string[]>
  /** Resolves when nothing has changed for `quietMs`: what a story set in motion has come to rest. */
  rest(quietMs?: number): Promise<void>
}

export function createDigests(redis: Redis): Digests {
  async function digest(): Promise<Digest> {
    const found = new Map<string, string>()
    const keys: string[] = []
    for await (const page of redis.scanStream({ count: 1000 })) keys.push(...(page as string[]))
    const relevant = [...new Set(keys)].filter((key) => !BACKGROUND_KEYS.some((pattern) => pattern.test(key))).sort()
    const dumps = await redis.pipeline(relevant.map((key) => ['call', 'DUMP', key])).exec()
    relevant.forEach((key, index) => {
      const dump = dumps?.[index]?.[1]
      if (typeof dump === 'string') found.set(key, createHash('sha1').update(dump).digest('hex'))
    })
    return found
  }

  async function changes(before: Digest): Promise<string[]> {
    const after = await digest()
    return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
  }

  return {
    digest,
    changes,
    async rest(quietMs = 300) {
      let last = await digest()
      let sinceMs = Date.now()
      await until('Redis comes to rest', async () => {
        if ((await changes(last)).length > 0) {
          last = await digest()
          sinceMs = Date.now()
        }
        return Date.now() - sinceMs >= quietMs
      })
    },
  }
}
