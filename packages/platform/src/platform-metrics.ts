// Owns: the metrics that both processes have: token refreshes, replies of consumers, authorization sessions, the counts
// of GET /statistics, and unknown versions of the drivers. docs/operations.md has a row for each.
import { versionGap } from '@wxgw/redis'
import { createBoundedLabels, type Metrics, MAX_SUBSCRIPTION_LABELS } from '@wxgw/runtime'
import { ANNOUNCED_STREAKS } from '@wxgw/wechat-core'
import type { Platform } from './platform.ts'
import type { ReplyOutcome } from './replies/replies.ts'

/** Each hook is called in the process where the event happened. */
export type PlatformHooks = {
  /** A call for a token has ended. `outcome`: refreshed, superseded, or the code of the error. */
  onRefresh(refresh: { platform: string; kind: 'component' | 'authorizer'; outcome: string }): void
  /** The 3rd or 10th refresh of an account in a row has failed. Only one process gets this call. */
  onRefreshFailing(failing: { platform: string; streak: number }): void
  /** A consumer has offered a reply. */
  onReply(reply: { platform: string; outcome: ReplyOutcome }): void
  /** A push has stopped waiting for a reply of this subscription. */
  onAwaited(reply: { platform: string; subscription: string; outcome: AwaitedOutcome }): void
  onSession(session: { platform: string; what: SessionChange }): void
}

/** `late`: none before the deadline. `none`: the consumer answered that it has none. */
export type AwaitedOutcome = 'in_time' | 'late' | 'none' | 'invalid'

export type SessionChange =
  | 'made'
  | 'opened'
  | 'clicked'
  | 'completed_by_push'
  | 'completed_by_browser'
  | 'refused'
  | 'expired'

type PlatformMetrics = {
  hooks: PlatformHooks
  /** Adds the counts of these platforms to each scrape, and begins at 0 what alerts wait for. */
  follow(platforms: ReadonlyMap<string, Pick<Platform, 'id' | 'statistics'>>): void
}

export function createPlatformMetrics(metrics: Metrics): PlatformMetrics {
  let followed: Array<Pick<Platform, 'id' | 'statistics'>> = []
  const refreshes = metrics.counter({
    name: 'wxgw_token_refreshes_total',
    help: 'Refreshes of tokens at WeChat that this process made, by outcome: refreshed, superseded, or the code of the error',
    labels: ['platform', 'kind', 'outcome'],
  })
  const failing = metrics.counter({
    name: 'wxgw_token_refresh_failing_total',
    help: 'accounts whose 3rd or 10th refresh in a row has failed, counted in the process that announced it',
    labels: ['platform', 'streak'],
  })
  const replies = metrics.counter({
    name: 'wxgw_replies_total',
    help: 'passive replies that consumers handed in; accepted = in time, sent = late, by customer service message',
    labels: ['platform', 'outcome'],
  })
  const labels = createBoundedLabels(MAX_SUBSCRIPTION_LABELS)
  const awaited = metrics.counter({
    name: 'wxgw_replies_awaited_total',
    help: 'pushes that waited for a reply: in_time, late (none before the deadline), none (the consumer has none), invalid',
    labels: ['platform', 'subscription', 'outcome'],
  })
  const sessions = metrics.counter({
    name: 'wxgw_authorization_sessions_total',
    help: 'authorization sessions that were made, opened, clicked, completed (by push or by browser), refused, or have expired',
    labels: ['platform', 'what'],
  })
  metrics.counter({
    name: 'wxgw_statistics_total',
    help: 'what GET /statistics sums up, as counted by this process since its start',
    labels: ['platform', 'what'],
    collect(counter) {
      counter.reset()
      for (const { id, statistics } of followed)
        for (const [what, count] of statistics.totals()) counter.inc({ platform: id, what }, count)
    },
  })
  metrics.gauge({
    name: 'wxgw_bullmq_format_unknown',
    help: '1 = the installed BullMQ is not the version whose format our scripts write: events reach queues more slowly',
    collect: (gauge) => gauge.set(versionGap('bullmq') === undefined ? 0 : 1),
  })
  metrics.gauge({
    name: 'wxgw_ioredis_version_unknown',
    help: '1 = the installed ioredis is not the version that our time-outs are made for: it uses its own',
    collect: (gauge) => gauge.set(versionGap('ioredis') === undefined ? 0 : 1),
  })
  return {
    hooks: {
      onRefresh: (refresh) => refreshes.inc(refresh),
      onRefreshFailing: ({ platform, streak }) => failing.inc({ platform, streak: String(streak) }),
      onReply: (reply) => replies.inc(reply),
      onAwaited: ({ subscription, ...reply }) => awaited.inc({ ...reply, subscription: labels.of(subscription) }),
      onSession: (session) => sessions.inc(session),
    },
    follow: (platforms) => {
      followed = [...platforms.values()]
      // An alert sees the first increment only of a series that is there before.
      for (const platform of platforms.keys())
        for (const streak of ANNOUNCED_STREAKS) failing.inc({ platform, streak: String(streak) }, 0)
    },
  }
}
