// Owns: which subscriptions a caller may see and write. A right that is narrowed to authorizers reaches a subscription
// only when it can match no other account.
import type { Subscription } from '@wxgw/contracts'
import type { Action } from '@wxgw/runtime'
import type { FastifyRequest } from 'fastify'
import { forbidden, visibleAuthorizers } from './authenticate.ts'

type Matching = { match?: { authorizers?: readonly string[] | undefined } | undefined }
type Replying = { reply?: boolean | undefined; fallback?: 'customer-service' | null | undefined }

/** A cache by the granted array, which is the same object each time and may be long. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

/** Whether a subscription is within the caller's right to this action. */
export function createReach(request: FastifyRequest, action: Action): (subscription: Matching) => boolean {
  const only = visibleAuthorizers(request, action)
  if (only === undefined) return () => true
  const granted = sets.get(only) ?? new Set(only)
  sets.set(only, granted)
  return ({ match }) => {
    const authorizers = match?.authorizers ?? []
    return authorizers.length > 0 && authorizers.every((authorizer) => granted.has(authorizer))
  }
}

/**
 * The subscriptions whose deliveries of an event the caller may see; undefined = all, deleted ones included. A narrowed
 * right sees only the subscriptions that `createReach` allows, because a delivery shows name, errors and answers.
 */
export function namesOfDeliveries(
  request: FastifyRequest,
  subscriptions: readonly Subscription[],
): ReadonlySet<string> | undefined {
  if (visibleAuthorizers(request, 'events:read') === undefined) return undefined
  return new Set(subscriptions.filter(createReach(request, 'events:read')).map(({ name }) => name))
}

/**
 * Throws FORBIDDEN. A narrowed right gets it for a missing subscription too: the answer must not reveal whether one
 * exists.
 */
export function assertReached<T extends Matching>(
  request: FastifyRequest,
  action: Action,
  subscription: T | undefined,
): T | undefined {
  const reached =
    subscription === undefined
      ? visibleAuthorizers(request, action) === undefined
      : createReach(request, action)(subscription)
  if (!reached) throw forbidden()
  return subscription
}

/**
 * Throws FORBIDDEN unless the caller may subscribe to everything that this matches and, with `reply` or `fallback`, may
 * reply to all of it.
 */
export function assertMaySubscribe(request: FastifyRequest, wanted: Matching & Replying): void {
  assertReached(request, 'subscriptions:write', wanted)
  if (wanted.reply === true || (wanted.fallback ?? null) !== null) assertReached(request, 'replies:write', wanted)
}
