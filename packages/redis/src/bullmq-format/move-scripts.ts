// Owns: the definitions of the scripts that move a job from one queue to another, in the format of BullMQ. The keys of
// two queues have different hash tags, so no script can use both: a job is claimed in the old queue, added to the new
// one under the same id, then removed from the old one.
import { defineScript } from '../lua/define-script.ts'

export const claimJob = defineScript({
  name: 'bullmq-format/claim-job',
  keys: ['from', 'active', 'job', 'lock'],
  args: ['id', 'state', 'token', 'life', 'platform', 'subscription'],
  moreArgs: 'fields',
})
export const adoptJob = defineScript({
  name: 'bullmq-format/adopt-job',
  keys: ['job', 'into', 'meta', 'marker', 'delayed'],
  args: ['id', 'state', 'score'],
  moreArgs: 'fields',
})
export const removeClaimed = defineScript({
  name: 'bullmq-format/remove-claimed',
  keys: ['active', 'failed', 'completed', 'lock', 'job', 'logs'],
  args: ['id', 'token'],
})
export const removeEmptyQueue = defineScript({
  name: 'bullmq-format/remove-empty-queue',
  args: ['count'],
  moreKeys: 'names',
})
