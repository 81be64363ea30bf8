// Owns: storing attempts in a job that were made before it was added, which BullMQ's API cannot.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'

const countAttempts = defineScript({
  name: 'bullmq-format/count-earlier-attempts',
  keys: ['job'],
  args: ['attemptsMade', 'lastError', 'isOver'],
})

type EarlierAttempts = { queue: string; jobId: string; attemptsMade: number; lastError: string; isOver: boolean }

/** Changes nothing after the job's first run. `isOver`: no attempt is left. Rejects with the driver's error. */
export async function countEarlierAttempts(redis: RedisConnection, attempts: EarlierAttempts): Promise<void> {
  const { queue, jobId, attemptsMade, lastError, isOver } = attempts
  await countAttempts(redis, { job: queueKey(queue, jobId), attemptsMade, lastError, isOver: isOver ? '1' : '' })
}
