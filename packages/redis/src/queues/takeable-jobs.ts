// Owns: how many jobs of a queue a worker could take now.
import type { Queue } from 'bullmq'

/** 0 while the queue is paused or has reached its limit of running jobs. Rejects when Redis is away. */
export async function takeableJobs(queue: Pick<Queue, 'getWaitingCount' | 'isPaused' | 'isMaxed'>): Promise<number> {
  const waiting = await queue.getWaitingCount()
  if (waiting === 0 || (await queue.isPaused()) || (await queue.isMaxed())) return 0
  return waiting
}
