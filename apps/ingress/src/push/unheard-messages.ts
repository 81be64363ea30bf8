// Owns: noticing in the ingress that a message was accepted for which no subscription is enabled. It costs no Redis: only what this
// process knows of the subscriptions already is looked at.
import type { Inbox, Platform, UnheardEvents } from '@wxgw/platform'

type Deps = { platform: Pick<Platform, 'id' | 'inbox' | 'subscriptions'>; unheard: Pick<UnheardEvents, 'note'> }

export function inboxNotingUnheard({ platform: { id, inbox, subscriptions }, unheard }: Deps): Inbox {
  return {
    ...inbox,
    async message(...args) {
      const acceptance = await inbox.message(...args)
      const known = subscriptions.known()
      if (known && !known.some(({ enabled }) => enabled)) unheard.note(id)
      return acceptance
    },
  }
}
