// Owns: figures for metrics that Redis has to be asked for: one process at a time gathers them, all others read what it
// has gathered.
import type { RedisConnection } from '../connect.ts'
import { guardStore } from '../store-errors.ts'

export type SharedFigures<Figures> = {
  /**
   * Gathers when nobody has within this period. Answers what was gathered last, at most three periods ago. Rejects with
   * STORE_UNAVAILABLE.
   */
  refresh(): Promise<Figures | undefined>
}

type SharedFiguresDeps<Figures> = {
  redis: RedisConnection
  keys: { figures: string; gathering: string }
  periodMs: number
  gather(): Promise<Figures>
  /** undefined: another version has written it. */
  parse(json: unknown): Figures | undefined
}

export function createSharedFigures<Figures>({
  redis,
  keys,
  periodMs,
  gather,
  parse,
}: SharedFiguresDeps<Figures>): SharedFigures<Figures> {
  return {
    refresh: () =>
      guardStore(async () => {
        if ((await redis.set(keys.gathering, '1', 'PX', Math.floor(periodMs * 0.9), 'NX')) === 'OK') {
          const gathered = await gather()
          await redis.set(keys.figures, JSON.stringify(gathered), 'PX', 3 * periodMs)
          return gathered
        }
        const text = await redis.get(keys.figures)
        return text === null ? undefined : parse(JSON.parse(text))
      }),
  }
}
