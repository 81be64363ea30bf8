// Owns: which subscriptions a key that is narrowed to authorizers may see and change. A subscription carries the events of
// everybody it matches: it is such a key's business only when it can match nobody else.
import type { Action } from '@wxgw/runtime'
import type { FastifyRequest } from 'fastify'
import { forbidden, visibleAuthorizers } from './authenticate.ts'

type Matching = { match?: { authorizers?: readonly string[] | undefined } | undefined }

export function isVisible(subscription: Matching, only: readonly string[] | undefined): boolean {
  if (only === undefined) return true
  const authorizers = subscription.match?.authorizers ?? []
  return authorizers.length > 0 && authorizers.every((authorizer) => only.includes(authorizer))
}

/** Throws FORBIDDEN, for a missing subscription too when the key is narrowed: its absence is nobody else's business. */
export function assertSubscription<T extends Matching>(
  request: FastifyRequest,
  action: Action,
  subscription: T | undefined,
): T | undefined {
  const only = visibleAuthorizers(request, action)
  if (only !== undefined && (subscription === undefined || !isVisible(subscription, only))) throw forbidden()
  return subscription
}
