// Owns: the definitions of the scripts of the reply mailbox. The deadline is checked by Redis' clock, because the
// clocks of two processes differ.
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
