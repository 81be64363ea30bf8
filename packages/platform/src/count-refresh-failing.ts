// Owns: the metric of accounts whose refreshes fail, in the ingress as in the worker: both refresh.
import type { Metrics } from '@wxgw/runtime'
import type { PlatformsDeps } from './create-platforms.ts'

export function countRefreshFailing(metrics: Metrics): NonNullable<PlatformsDeps['onRefreshFailing']> {
  const failing = metrics.counter({
    name: 'wxgw_token_refresh_failing_total',
    help: 'accounts whose 3rd or 10th refresh in a row has failed, counted in the process that announced it',
    labels: ['platform', 'streak'],
  })
  return ({ platform, streak }) => failing.inc({ platform, streak: String(streak) })
}
