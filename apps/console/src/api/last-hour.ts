// Owns: what a platform did in the last hour, minute by minute.
import { answered, api } from './client.ts'

const HOUR_MS = 3_600_000
/** The processes hand over what they counted each minute. */
const EVERY_MS = 60_000

export function lastHour(platform: string) {
  return {
    queryKey: [platform, 'statistics', 'hour'],
    refetchInterval: EVERY_MS,
    queryFn: () => {
      const from = new Date(Date.now() - HOUR_MS).toISOString()
      const params = { path: { platform }, query: { from, step: '60' as const } }
      return answered(api.GET('/apis/v1/wx/{platform}/statistics', { params }))
    },
  }
}
