// Owns: whether a subscription was given an event. By the gateway's own record, because a consumer may name any event.
import type { GatewayEvent, Subscription } from '@wxgw/contracts'
import type { EventLog, ReplyMailbox, Subscriptions } from '@wxgw/redis'

/** `event`: the gateway's own copy, where one is kept. */
type GivenEvent = { event: GatewayEvent | undefined; receivedAtMs: number }

/** The account of an event, and its arrival. */
export type Received = { authorizerAppId: string | undefined; receivedAtMs: number }

export type GivenEvents = {
  /**
   * undefined when the subscription was not given the event, or the record has expired. A subscription was given
   * nothing from before its creation (the name may have been used before), and nothing of accounts that its `match` now
   * excludes.
   */
  find(eventId: string, subscription: string): Promise<GivenEvent | undefined>
  /** The subscription of this name, if it existed then and its `match` includes the account. */
  recipient(name: string, received: Received): Promise<Subscription | undefined>
}

type GivenEventsDeps = {
  events: Pick<EventLog, 'get'>
  mailbox: Pick<ReplyMailbox, 'waitOf'>
  subscriptions: Pick<Subscriptions, 'all'>
}

type Recorded = GivenEvent & Received & { subscriptions: readonly string[] }

/** All reject with STORE_UNAVAILABLE. */
export function createGivenEvents({ events, mailbox, subscriptions }: GivenEventsDeps): GivenEvents {
  /** From the event log, or from the waiting push when the log does not have the event. */
  async function recorded(eventId: string): Promise<Recorded | undefined> {
    const logged = await events.get(eventId)
    if (logged) {
      return {
        event: logged.event,
        authorizerAppId: logged.authorizerappid ?? undefined,
        receivedAtMs: Date.parse(logged.receivedAt),
        subscriptions: logged.deliveries.map(({ subscription }) => subscription),
      }
    }
    const wait = await mailbox.waitOf(eventId)
    if (wait === undefined) return undefined
    const { event, authorizerAppId, receivedAtMs, subscription } = wait
    return { event, authorizerAppId, receivedAtMs, subscriptions: [subscription] }
  }

  async function recipient(name: string, received: Received): Promise<Subscription | undefined> {
    const found = (await subscriptions.all(0)).find((subscription) => subscription.name === name)
    if (found === undefined || found.createdAtMs > received.receivedAtMs) return undefined
    const { authorizers } = found.match
    return authorizers === undefined || authorizers.some((one) => one === received.authorizerAppId) ? found : undefined
  }

  return {
    recipient,
    async find(eventId, name) {
      const given = await recorded(eventId)
      if (!given?.subscriptions.includes(name)) return undefined
      return (await recipient(name, given)) ? given : undefined
    },
  }
}
