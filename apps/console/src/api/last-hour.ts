// Owns: the query of a platform's statistics of the last hour, by minute.
import { api, dataOf } from './client.ts'

const HOUR_MS = 3_600_000
/** The processes write their counts once a minute. */
const POLL_MS = 60_000

export function lastHour(platform: string) {
  return {
    queryKey: [platform, 'statistics', 'hour'],
    refetchInterval: POLL_MS,
    queryFn: () => {
      const from = new Date(Date.now() - HOUR_MS).toISOString()
      const params = { path: { platform }, query: { from, step: '60' as const } }
      return dataOf(api.GET('/apis/v1/wx/{platform}/statistics', { params }))
    },
  }
}
