// Owns: reading the fields of a dead letter from a failed job, including jobs that no handler could parse, because
// every failed job is listed.

type DeadDelivery = {
  eventId: string
  authorizerAppId: string | undefined
  type: string
  event: unknown
  deliveryId: string | undefined
  /** undefined: BullMQ's own count applies. */
  attempts: number | undefined
}

export function parseDeadDelivery(data: unknown): DeadDelivery {
  const event = member(data, 'event')
  const id = member(event, 'id')
  const authorizer = member(event, 'authorizerappid')
  const type = member(event, 'type')
  const deliveryId = member(data, 'deliveryId')
  const attempts = member(data, 'attempts')
  return {
    eventId: typeof id === 'string' ? id : '',
    authorizerAppId: typeof authorizer === 'string' ? authorizer : undefined,
    type: typeof type === 'string' ? type : '',
    event: event ?? null,
    deliveryId: typeof deliveryId === 'string' ? deliveryId : undefined,
    attempts: typeof attempts === 'number' ? attempts : undefined,
  }
}

/**
 * Whether the caller may see the dead letter. `only`: the authorizers whose events it may see, besides the
 * subscription's test events; default all. The subscription's `match` may have named other accounts before.
 */
export function isWithin(
  data: unknown,
  { subscription, only }: { subscription: string; only: ReadonlySet<string> | undefined },
): boolean {
  if (only === undefined) return true
  const event = member(data, 'event')
  const authorizer = member(event, 'authorizerappid')
  if (authorizer !== undefined) return typeof authorizer === 'string' && only.has(authorizer)
  return (
    member(event, 'type') === 'gateway.subscription.test' &&
    member(member(event, 'data'), 'subscription') === subscription
  )
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
