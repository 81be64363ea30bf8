// Owns: the names of the arguments of the scripts by which a passive reply reaches the processes that wait for it.
// Redis' clock alone judges the deadline: the clocks of two processes differ.
import { defineScript } from '../lua/define-script.ts'

export const awaitReply = defineScript({
  name: 'reply-mailbox/await-reply',
  keys: ['reply'],
  args: ['channel', 'leftMs', 'keptMs', 'subscription', 'authorizer', 'openid', 'event', 'received'],
})
export const offerReply = defineScript({
  name: 'reply-mailbox/offer-reply',
  keys: ['reply', 'answered'],
  args: ['json', 'message', 'from', 'rememberedSeconds', 'needsUser'],
})
