// Owns: the names of the arguments of the scripts on the order of one subscription's deliveries. Its keys and those of
// its queue share a hash tag.
import { defineScript } from '../lua/define-script.ts'

const OF_SUBSCRIPTION = { keys: ['order', 'places', 'failed', 'delayed'], args: ['prefix', 'parkedFrom'] } as const
const OF_DELIVERIES = { ...OF_SUBSCRIPTION, eachArgs: ['key', 'id'] } as const

export const joinAll = defineScript({ name: 'ordering/join-all', ...OF_DELIVERIES })
export const settleAll = defineScript({ name: 'ordering/settle-all', ...OF_DELIVERIES })
export const enterAll = defineScript({ name: 'ordering/enter-all', ...OF_DELIVERIES })
export const leaveAll = defineScript({ name: 'ordering/leave-all', ...OF_DELIVERIES })
export const occupiedKeys = defineScript({ name: 'ordering/occupied-keys', ...OF_SUBSCRIPTION, eachArgs: ['key'] })
export const repairOrder = defineScript({
  name: 'ordering/repair-order',
  ...OF_SUBSCRIPTION,
  args: [...OF_SUBSCRIPTION.args, 'after', 'most'],
})
