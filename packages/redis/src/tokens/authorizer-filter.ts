// Owns: whether an account, or a group of accounts, matches the filter of a list.
import type { Authorizer, AuthorizerStatus, FuncInfo } from '@wxgw/wechat-core'
import { searchableName } from './searchable-name.ts'

/** All that is given must hold. */
export type AuthorizerFilter = {
  status?: AuthorizerStatus | undefined
  /** Id of a permission set that the account lacks. */
  missingScope?: number | undefined
  /** Prefix of the nick name or the principal's name, or a whole appid or original id. */
  q?: string | undefined
}

/** Accounts of one status with the same permission sets. */
export type AuthorizerGroup = { id: number; status: string; sets: ReadonlySet<number> }

export function matchesFilter({ appid, status, funcInfo, profile }: Authorizer, wanted: AuthorizerFilter): boolean {
  if (!groupMatches({ status, sets: new Set(setsOf(funcInfo)) }, wanted)) return false
  if (wanted.q === undefined) return true
  const q = wanted.q.trim()
  return q === appid || q === profile?.user_name || nameThatBegins(profile, q) !== undefined
}

export function groupMatches({ status, sets }: Omit<AuthorizerGroup, 'id'>, wanted: AuthorizerFilter): boolean {
  if (wanted.status !== undefined && wanted.status !== status) return false
  return wanted.missingScope === undefined || !sets.has(wanted.missingScope)
}

/** Which of an account's names begins with `q`; the first one, if both do. */
export function nameThatBegins(profile: Authorizer['profile'], q: string): 'nick' | 'principal' | undefined {
  const prefix = searchableName(q)
  if (profile === undefined || prefix === '') return undefined
  if (searchableName(profile.nick_name).startsWith(prefix)) return 'nick'
  return searchableName(profile.principal_name).startsWith(prefix) ? 'principal' : undefined
}

/** From the hash of the groups, in the order of their ids. */
export function parseGroups(fields: Record<string, string>): AuthorizerGroup[] {
  const groups = Object.entries(fields).flatMap(([name, id]) => {
    if (name.startsWith('#')) return []
    const [status = '', sets = ''] = name.split(' ')
    return [{ id: Number(id), status, sets: new Set(sets === '' ? [] : sets.split(',').map(Number)) }]
  })
  return groups.toSorted((left, right) => left.id - right.id)
}

function setsOf(funcInfo: FuncInfo): number[] {
  return funcInfo.flatMap(({ funcscope_category: category }) => {
    const id: unknown = typeof category === 'object' && category !== null && 'id' in category ? category.id : undefined
    return id === undefined ? [] : [Number(id)]
  })
}
