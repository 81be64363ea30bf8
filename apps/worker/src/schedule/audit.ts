// Owns: the daily sync with WeChat's own list of authorizers. One worker starts it.
import type { Platform } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

type AuditedPlatform = {
  id: string
  schedule: Pick<Platform['schedule'], 'auditDue'>
  jobs: Pick<Platform['jobs'], 'sync'>
}

type AuditDeps = { platforms: ReadonlyMap<string, AuditedPlatform>; log: Log; everyMs?: number }

const FIRST_CHECK_MS = 15_000
const EVERY_MS = 60_000

/** Due by Redis' clock. A day whose sync could not be enqueued is skipped: the next day's sync repairs the same. */
export function startAudit({ platforms, log, everyMs = EVERY_MS }: AuditDeps): Repetition {
  return repeat({ firstMs: Math.min(FIRST_CHECK_MS, everyMs), everyMs }, async () => {
    for (const platform of platforms.values()) await check(platform)
  })

  async function check(platform: AuditedPlatform): Promise<void> {
    try {
      if (!(await platform.schedule.auditDue())) return
      const { jobId } = await platform.jobs.sync()
      log.info({ platform: platform.id, jobId }, 'audit.started')
    } catch (error) {
      log.warn({ err: error, platform: platform.id }, 'audit.skipped')
    }
  }
}
