// Owns: noticing that a message was accepted while no subscription is enabled. It reads only this process' copy of the
// subscriptions, and sends no Redis command.
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
