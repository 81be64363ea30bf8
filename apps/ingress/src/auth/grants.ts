// Owns: what a caller may do. Pure functions of the configuration: nothing is read from the store.
import type { Action, CallerConfig, Grant } from '@wxgw/runtime'
import { isReachedBy } from './path-patterns.ts'

type Rights = Pick<CallerConfig, 'grants'>

export type Need = {
  platform: string
  /** undefined = any right on the platform is enough. */
  action: Action | undefined
  /** undefined = no particular authorizer, as for lists and for what belongs to the platform. */
  authorizer?: string | undefined
  /** A path of WeChat's API, as it was requested; undefined = none in particular. */
  api?: string | undefined
}

export function isGranted({ grants }: Rights, need: Need): boolean {
  if (grants === undefined) return true
  const { authorizer } = need
  return grants.some(
    (grant) => covers(grant, need) && (authorizer === undefined || includes(grant.authorizers, authorizer)),
  )
}

/** As isGranted, but only by a grant that is not narrowed to authorizers. */
export function isGrantedForAll({ grants }: Rights, need: Omit<Need, 'authorizer'>): boolean {
  return grants === undefined || grants.some((grant) => grant.authorizers === undefined && covers(grant, need))
}

/** A cache of the sorted authorizers of each caller, by the grants that cover the need. A caller may have 10,000. */
const authorizersOf = new WeakMap<readonly Grant[], Map<string, readonly string[]>>()

/**
 * The appids whose data the caller may see with this action, sorted; undefined = all. The same array each time.
 */
export function grantedAuthorizers(
  { grants }: Rights,
  need: Pick<Need, 'platform' | 'action'>,
): readonly string[] | undefined {
  if (grants === undefined) return undefined
  const covering = grants.flatMap((grant, index) => (covers(grant, need) ? [index] : []))
  const ofCaller = authorizersOf.get(grants) ?? new Map<string, readonly string[]>()
  authorizersOf.set(grants, ofCaller)
  const key = covering.join()
  const before = ofCaller.get(key)
  if (before !== undefined) return before
  const lists = covering.map((index) => grants[index]?.authorizers)
  if (lists.includes(undefined)) return undefined
  const authorizers = [...new Set(lists.flatMap((list) => list ?? []))].toSorted()
  ofCaller.set(key, authorizers)
  return authorizers
}

function covers(grant: Grant, { platform, action, api }: Omit<Need, 'authorizer'>): boolean {
  if (!includes(grant.platforms, platform) || (action !== undefined && !includes(grant.actions, action))) return false
  return api === undefined || grant.apis === undefined || grant.apis.some((pattern) => isReachedBy(pattern, api))
}

function includes<T>(list: readonly T[] | undefined, value: T): boolean {
  return list === undefined || list.includes(value)
}
