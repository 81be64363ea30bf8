// Owns: the names of the arguments of the scripts that change and read the records of subscriptions.
import { defineScript } from '../lua/define-script.ts'

export const changeRecord = defineScript({
  name: 'subscriptions/change-record',
  keys: ['subscriptions', 'version', 'changes', 'creators', 'announcements'],
  args: ['name', 'before', 'after', 'counting', 'creator', 'limit', 'announcementId', 'announcement'],
})
export const readChanges = defineScript({
  name: 'subscriptions/read-changes',
  keys: ['subscriptions', 'version', 'changes'],
  args: ['since'],
})
