// Owns: figures for metrics that cost commands: one process at a time gathers them, all others read the result.
import type { RedisConnection } from '../connect.ts'
import { guardStore } from '../store-errors.ts'

export type SharedFigures<Figures> = {
  /**
   * Gathers unless another process has in this period. Answers the last figures, at most three periods old. Rejects
   * with STORE_UNAVAILABLE.
   */
  refresh(): Promise<Figures | undefined>
}

type SharedFiguresDeps<Figures> = {
  redis: RedisConnection
  keys: { figures: string; gathering: string }
  periodMs: number
  gather(): Promise<Figures>
  /** undefined: written by another version. */
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
