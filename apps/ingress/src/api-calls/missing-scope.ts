// Owns: which permission sets an account would have to grant for an API that WeChat refused.
import { permissionSet } from '@wxgw/catalogue'
import type { AuthorizerAppId, FuncInfo } from '@wxgw/wechat-core'
import type { AdmittedCall, CallPlatform } from './admit-call.ts'

/** The API was not granted to the platform, or the account may not use it. */
const NO_PERMISSION: ReadonlySet<number> = new Set([48001, 61007])

export function saysNoPermission(errcode: number): boolean {
  return NO_PERMISSION.has(errcode)
}

/** Comma-separated ids, any one of which is enough. undefined when unknown, or when one is granted already. */
export async function missingScope({ platform, appId, api }: AdmittedCall): Promise<string | undefined> {
  if (appId === undefined || api === undefined) return undefined
  const { granted, kind } = await grantsOf(platform, appId)
  const grantable = api.permissionSets.filter(
    (id) => kind === undefined || (permissionSet(id)?.accounts.includes(kind) ?? true),
  )
  if (grantable.length === 0 || grantable.some((id) => granted.has(id))) return undefined
  return grantable.join(',')
}

type Grants = { granted: ReadonlySet<number>; kind: 'mini-program' | 'official-account' | undefined }

/** Empty while the store is unavailable. */
async function grantsOf({ authorizers }: Pick<CallPlatform, 'authorizers'>, appId: AuthorizerAppId): Promise<Grants> {
  const account = await authorizers.get(appId).catch(() => undefined)
  const granted = new Set((account?.funcInfo ?? []).flatMap((entry) => idOf(entry) ?? []))
  if (account?.profile === undefined) return { granted, kind: undefined }
  return { granted, kind: account.profile.isMiniProgram ? 'mini-program' : 'official-account' }
}

function idOf(entry: FuncInfo[number]): number | undefined {
  const category = entry['funcscope_category']
  const id = typeof category === 'object' && category !== null && 'id' in category ? Number(category.id) : Number.NaN
  return Number.isInteger(id) ? id : undefined
}
