// Owns: the job that completes a replay or discard of more dead letters than an HTTP call waits for.
import type { DeadLettersJob } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { platformNotConfigured } from './platform-of-job.ts'

type DeadLettersJobDeps = {
  platforms: ReadonlyMap<string, { deadLetters: Pick<Platform['deadLetters'], 'resume'> }>
  log: Log
}

/** Safe to run twice: a replayed or discarded dead letter no longer exists. */
export async function handleDeadLetters(job: DeadLettersJob, { platforms, log }: DeadLettersJobDeps): Promise<void> {
  const { platform: id, subscription, action } = job
  const platform = platforms.get(id)
  if (!platform) throw platformNotConfigured()
  const taken = await platform.deadLetters.resume(job)
  log.info({ platform: id, subscription, action, taken }, 'deadLetters.taken')
}
