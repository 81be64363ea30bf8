// Owns: who may read data of the gateway as a whole: callers with console:use in a grant that is not narrowed to
// authorizers, for the platforms of such grants.
import type { CallerConfig } from '@wxgw/runtime'
import type { onRequestHookHandler } from 'fastify'
import { callerOf, forbidden } from './authenticate.ts'

export type ConsoleReach = {
  /** null: data of no platform; true when the caller reaches all platforms. */
  covers(platform: string | null): boolean
}

/** undefined: none. */
export function consoleReach({ grants }: CallerConfig): ConsoleReach | undefined {
  if (grants === undefined) return { covers: () => true }
  const wide = grants.filter(
    ({ authorizers, actions }) =>
      authorizers === undefined && (actions === undefined || actions.includes('console:use')),
  )
  if (wide.length === 0) return undefined
  const isAll = wide.some(({ platforms }) => platforms === undefined)
  const named = new Set(wide.flatMap(({ platforms }) => platforms ?? []))
  return { covers: (platform) => isAll || (platform !== null && named.has(platform)) }
}

/** Route hook: FORBIDDEN without such a grant. */
export const requireConsole: onRequestHookHandler = (request, _reply, done) => {
  request.neededAction = 'console:use'
  done(consoleReach(callerOf(request)) === undefined ? forbidden() : undefined)
}
