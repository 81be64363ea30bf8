// Owns: storing attempts in a job that were made before it was added, which BullMQ's API cannot.
import { defineScript } from '../lua/define-script.ts'

export const countEarlierAttempts = defineScript({
  name: 'bullmq-format/count-earlier-attempts',
  keys: ['job'],
  args: ['attemptsMade', 'lastError', 'isOver'],
})
