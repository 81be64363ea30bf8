// Owns: the sync: paging through WeChat's own list of authorizers, and adding or repairing those that are missing here.
import type { SyncJob } from '@wxgw/contracts'
import type { Platform, SyncState } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { describeFailure } from '@wxgw/wechat-core'
import { platformNotConfigured } from './platform-of-job.ts'

type SyncPlatform = {
  authorizations: Pick<Platform['authorizations'], 'reconcilePage'>
  jobs: Pick<Platform['jobs'], 'profileWanted'>
  syncStates: Platform['syncStates']
}

type SyncDeps = { platforms: ReadonlyMap<string, SyncPlatform>; nowMs(): number; log: Log }

/**
 * Profiles that one sync fetches at once. The others (after a rebuild) are fetched with the scheduled refreshes: a
 * queue full of profile jobs would delay tickets and authorizations.
 */
const PROFILES_AT_ONCE = 50

/** Safe to run twice: an account that is known and works is not changed. */
export async function handleSync(
  job: SyncJob,
  { jobId }: { jobId: string },
  { platforms, nowMs, log }: SyncDeps,
): Promise<void> {
  const platform = platforms.get(job.platform)
  if (!platform) throw platformNotConfigured()
  const now = () => new Date(nowMs()).toISOString()
  let state: SyncState = {
    jobId,
    status: 'running',
    seen: 0,
    added: 0,
    repaired: 0,
    failed: 0,
    startedAt: now(),
    finishedAt: null,
    error: null,
  }
  await platform.syncStates.save(state)
  try {
    for (let isLast = false; !isLast;) {
      const page = await platform.authorizations.reconcilePage(state.seen)
      state = {
        ...state,
        seen: state.seen + page.seen,
        added: state.added + page.added.length,
        repaired: state.repaired + page.repaired.length,
      }
      const room = Math.max(0, PROFILES_AT_ONCE - (state.added - page.added.length))
      for (const appId of page.added.slice(0, room)) await platform.jobs.profileWanted(appId)
      isLast = page.seen === 0 || state.seen >= page.totalCount
      await platform.syncStates.save(isLast ? { ...state, status: 'completed', finishedAt: now() } : state)
    }
  } catch (error) {
    const { code, errcode } = describeFailure(error)
    const text = errcode === undefined ? code : `${code} ${errcode}`
    await platform.syncStates.save({ ...state, status: 'failed', finishedAt: now(), error: text })
    throw error
  }
  const { seen, added, repaired } = state
  log.info({ platform: job.platform, jobId, seen, added, repaired }, 'authorizers.synced')
}
