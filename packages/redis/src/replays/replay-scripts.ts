// Owns: the definitions of the scripts that change a replay in one step. All keys share the platform's hash tag.
import { defineScript } from '../lua/define-script.ts'

const REPLAY_KEYS = ['replay', 'open', 'ofSubscription', 'todo', 'underWay'] as const

export const beginReplay = defineScript({
  name: 'replays/begin-replay',
  keys: REPLAY_KEYS,
  args: ['subscription', 'id', 'createdAtMs', 'prefix', 'maxOpen', 'maxKept'],
  moreArgs: 'fields',
})
export const changeReplay = defineScript({
  name: 'replays/change-replay',
  keys: REPLAY_KEYS,
  args: ['subscription', 'id', 'change'],
})
export const claimReplay = defineScript({
  name: 'replays/claim-replay',
  keys: ['replay', 'todo', 'underWay', 'open'],
  args: ['owner', 'ownedMs', 'member'],
})
export const takeItems = defineScript({
  name: 'replays/take-items',
  keys: REPLAY_KEYS,
  args: ['subscription', 'id', 'owner', 'ownedMs', 'limit', 'perSecond'],
})
export const settleItem = defineScript({
  name: 'replays/settle-item',
  keys: ['replay', 'todo', 'underWay'],
  args: ['item', 'outcome'],
})
export const releaseReplay = defineScript({ name: 'replays/release-replay', keys: ['replay'], args: ['owner'] })
