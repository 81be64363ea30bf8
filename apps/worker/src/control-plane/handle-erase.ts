// Owns: the job that erases the content of a user's events when there are more than an HTTP call waits for.
import type { EraseJob } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { platformNotConfigured } from './platform-of-job.ts'

type EraseJobDeps = {
  platforms: ReadonlyMap<string, { erasure: Pick<Platform['erasure'], 'complete'> }>
  log: Log
}

/** Safe to run twice. */
export async function handleErase(
  { platform: id, authorizer, subject }: EraseJob,
  { platforms, log }: EraseJobDeps,
): Promise<void> {
  const platform = platforms.get(id)
  if (!platform) throw platformNotConfigured()
  const erased = await platform.erasure.complete({ authorizer, subject })
  log.info({ platform: id, appid: authorizer, erased }, 'events.erased')
}
