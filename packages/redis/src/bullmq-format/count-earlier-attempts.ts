// Owns: writing into a job's hash that attempts were made before it was added, for which BullMQ has no way.
import { defineScript } from '../lua/define-script.ts'

export const countEarlierAttempts = defineScript({
  name: 'bullmq-format/count-earlier-attempts',
  keys: ['job'],
  args: ['attemptsMade', 'lastError', 'isOver'],
})
