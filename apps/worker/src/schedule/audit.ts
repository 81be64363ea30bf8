// Owns: comparing what is stored with WeChat's own list of authorizers once a day, whichever worker's turn it is.
import type { Platform } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

export type AuditedPlatform = {
  id: string
  schedule: Pick<Platform['schedule'], 'auditDue'>
  jobs: Pick<Platform['jobs'], 'sync'>
}

export type AuditDeps = { platforms: ReadonlyMap<string, AuditedPlatform>; log: Log; everyMs?: number }

const FIRST_LOOK_MS = 15_000
const EVERY_MS = 60_000

/** Redis' clock decides; a day whose sync could not be queued is left out, the next one repairs the same. */
export function startAudit({ platforms, log, everyMs = EVERY_MS }: AuditDeps): Repetition {
  return repeat({ firstMs: Math.min(FIRST_LOOK_MS, everyMs), everyMs }, async () => {
    for (const platform of platforms.values()) await look(platform)
  })

  async function look(platform: AuditedPlatform): Promise<void> {
    try {
      if (!(await platform.schedule.auditDue())) return
      const { jobId } = await platform.jobs.sync()
      log.info({ platform: platform.id, jobId }, 'audit.started')
    } catch (error) {
      log.warn({ err: error, platform: platform.id }, 'audit.skipped')
    }
  }
}
