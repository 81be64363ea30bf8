// Owns: parked jobs, which are delayed until they are promoted, and the keys and arguments of job-states.lua, which
// reads the state of a job.
import { Job, type Queue } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { isJobGone } from './job-gone.ts'
import { queueKey } from '../keys.ts'

/** The delay of a parked job: longer than any retry. */
export const PARKED_MS = 30 * 86_400_000

/** The score of a delayed job is its time, shifted by the bits of a counter. */
const SCORE_PER_MS = 0x1000
/** Jobs per step. */
const MAX_PROMOTED = 200

/** Keys and arguments of a script that includes job-states.lua. */
export function jobStates(queue: string) {
  return {
    failed: queueKey(queue, 'failed'),
    delayed: queueKey(queue, 'delayed'),
    prefix: queueKey(queue, ''),
    parkedFrom: (Date.now() + PARKED_MS / 2) * SCORE_PER_MS,
  }
}

/** Makes a delayed job due. False: it does not exist or is not delayed. Rejects as Job.promote. */
export async function promoteJob(queue: Queue, jobId: string): Promise<boolean> {
  try {
    await new Job(queue, '', undefined, {}, jobId).promote()
    return true
  } catch (error) {
    if (!isJobGone(error)) throw error
    return false
  }
}

/** Makes all parked jobs due, and answers how many. Retries keep their time. Rejects as Job.promote. */
export async function promoteParked(
  redis: RedisConnection,
  name: string,
  open: (name: string) => Queue,
): Promise<number> {
  const { delayed, parkedFrom } = jobStates(name)
  for (let promoted = 0, gone = 0; ;) {
    const jobIds = await redis.zrangebyscore(delayed, parkedFrom, '+inf', 'LIMIT', gone, MAX_PROMOTED)
    if (jobIds.length === 0) return promoted
    const queue = open(name)
    const answers = await Promise.all(jobIds.map((jobId) => promoteJob(queue, jobId)))
    const made = answers.filter((isPromoted) => isPromoted).length
    promoted += made
    gone += jobIds.length - made
  }
}
