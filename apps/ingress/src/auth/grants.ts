// Owns: what a caller may do. Pure: neither the store nor the existence of anything is asked.
import type { Action, CallerConfig, Grant } from '@wxgw/runtime'

type Rights = Pick<CallerConfig, 'grants'>

export type Need = {
  platform: string
  /** undefined = any right on the platform is enough. */
  action: Action | undefined
  /** undefined = no particular authorizer: lists, and what belongs to the platform. */
  authorizer?: string | undefined
}

export function isGranted({ grants }: Rights, { platform, action, authorizer }: Need): boolean {
  if (grants === undefined) return true
  return grants.some((grant) => {
    return covers(grant, { platform, action }) && (authorizer === undefined || includes(grant.authorizers, authorizer))
  })
}

/** Whose things the caller may see with this action: undefined = everybody's. */
export function grantedAuthorizers({ grants }: Rights, need: Pick<Need, 'platform' | 'action'>): readonly string[] | undefined {
  if (grants === undefined) return undefined
  const authorizers = new Set<string>()
  for (const grant of grants) {
    if (!covers(grant, need)) continue
    if (grant.authorizers === undefined) return undefined
    for (const authorizer of grant.authorizers) authorizers.add(authorizer)
  }
  return [...authorizers]
}

function covers(grant: Grant, { platform, action }: Pick<Need, 'platform' | 'action'>): boolean {
  return includes(grant.platforms, platform) && (action === undefined || includes(grant.actions, action))
}

function includes<T>(list: readonly T[] | undefined, value: T): boolean {
  return list === undefined || list.includes(value)
}
