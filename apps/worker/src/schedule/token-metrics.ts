// Owns: the metrics of tickets, tokens and their schedule on the worker's /metrics. docs/operations.md has a row for each.
import type { Platform } from '@wxgw/platform'
import type { Metrics } from '@wxgw/runtime'

export type MeasuredPlatform = {
  id: string
  tickets: Pick<Platform['tickets'], 'status'>
  schedule: Pick<Platform['schedule'], 'figures'>
}

export type RefreshOutcome = { platform: string; kind: 'component' | 'authorizer'; outcome: string }

export type TokenMetrics = {
  /** Counts one call to WeChat. */
  refreshed(outcome: RefreshOutcome): void
  /** From now on each scrape looks at these. */
  follow(platforms: ReadonlyMap<string, MeasuredPlatform>): void
}

export function createTokenMetrics({ metrics, nowMs }: { metrics: Metrics; nowMs(): number }): TokenMetrics {
  let followed: MeasuredPlatform[] = []
  const refreshes = metrics.counter({
    name: 'wxgw_token_refreshes_total',
    help: 'Refreshes of tokens at WeChat that this process made, by outcome: refreshed, superseded, or the code of the error',
    labels: ['platform', 'kind', 'outcome'],
  })
  metrics.gauge({
    name: 'wxgw_ticket_age_seconds',
    help: 'Seconds since the newest component_verify_ticket came; missing when there is none',
    labels: ['platform'],
    collect: (gauge) =>
      ofEach(gauge, async ({ id, tickets }) => {
        const ticket = await tickets.status()
        if (ticket) gauge.set({ platform: id }, Math.max(0, (nowMs() - ticket.receivedAtMs) / 1000))
      }),
  })
  metrics.gauge({
    name: 'wxgw_authorizers',
    help: 'Authorizers that are known, revoked ones included',
    labels: ['platform'],
    collect: (gauge) => ofEach(gauge, async ({ id, schedule }) => gauge.set({ platform: id }, (await schedule.figures()).authorizers)),
  })
  metrics.gauge({
    name: 'wxgw_authorizers_due',
    help: 'Subjects whose scheduled refresh is due now',
    labels: ['platform'],
    collect: (gauge) => ofEach(gauge, async ({ id, schedule }) => gauge.set({ platform: id }, (await schedule.figures()).due)),
  })
  metrics.gauge({
    name: 'wxgw_schedule_paused',
    help: '1 while scheduled refreshes wait, by reason',
    labels: ['platform', 'reason'],
    collect: (gauge) =>
      ofEach(gauge, async ({ id, schedule }) => {
        const { pausedBy } = await schedule.figures()
        if (pausedBy) gauge.set({ platform: id, reason: pausedBy }, 1)
      }),
  })

  async function ofEach(gauge: { reset(): void }, set: (platform: MeasuredPlatform) => Promise<void>): Promise<void> {
    gauge.reset()
    // With Redis away there is no figure, and a missing one is the truth; the other metrics must not fail with it.
    await Promise.allSettled(followed.map((platform) => set(platform)))
  }

  return {
    refreshed: ({ platform, kind, outcome }) => refreshes.inc({ platform, kind, outcome }),
    follow: (platforms) => {
      followed = [...platforms.values()]
    },
  }
}
