// Owns: the number of calls of each API today, and the monthly resets.
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { ApiError } from './api-error.ts'

export type Quota = {
  /** Counts the call. Refuses with 45009 beyond the daily limit. */
  use(api: string, appId: string): void
  read(api: string, appId: string): { daily_limit: number; used: number; remain: number }
  /** Resets all counts of an appid, or that of one API. Refuses with 48006 above ten a month. */
  reset(appId: string, api?: string): void
}

const RESETS_PER_MONTH = 10
// Without a limit the answer still names one, as WeChat's does.
const UNLIMITED = 1_000_000
// Days and months end at midnight in Shanghai.
const SHANGHAI_OFFSET_MS = 8 * 3600 * 1000

export function createQuota({ clock, settings }: { clock: SimulationClock; settings: () => Settings }): Quota {
  let day = ''
  const used = new Map<string, Map<string, number>>()
  const resets = new Map<string, { month: string; times: number }>()

  const today = () => new Date(clock.nowMs() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 10)

  function usedBy(appId: string): Map<string, number> {
    if (day !== today()) {
      day = today()
      used.clear()
    }
    const known = used.get(appId) ?? new Map<string, number>()
    used.set(appId, known)
    return known
  }

  return {
    use: (api, appId) => {
      const counts = usedBy(appId)
      const count = (counts.get(api) ?? 0) + 1
      counts.set(api, count)
      const limit = settings().dailyQuota[api]
      if (limit !== undefined && count > limit) throw new ApiError(45009)
    },
    read: (api, appId) => {
      const daily = settings().dailyQuota[api] ?? UNLIMITED
      const count = usedBy(appId).get(api) ?? 0
      return { daily_limit: daily, used: Math.min(count, daily), remain: Math.max(0, daily - count) }
    },
    reset: (appId, api) => {
      const month = today().slice(0, 7)
      const known = resets.get(appId)
      const times = known?.month === month ? known.times : 0
      if (times >= RESETS_PER_MONTH) throw new ApiError(48006)
      resets.set(appId, { month, times: times + 1 })
      if (api === undefined) usedBy(appId).clear()
      else usedBy(appId).delete(api)
    },
  }
}
