// Owns: the compact format of the two long fields of an authorizer's hash, because one Redis may have a million of
// them. Values of the usual form are stored without member names, all others as JSON.
import type { AuthorizerProfile, FuncInfo } from '@wxgw/wechat-core'

/** `1,2,3` when every entry is exactly `{"funcscope_category":{"id":n}}`, otherwise JSON. */
export function formatFuncInfo(funcInfo: FuncInfo): string {
  const ids = funcInfo.map(idAlone)
  return ids.length > 0 && ids.every((id) => id !== undefined) ? ids.join(',') : JSON.stringify(funcInfo)
}

export function parseFuncInfo(text: string | undefined): FuncInfo {
  if (text === undefined || text === '') return []
  if (text.startsWith('[')) return JSON.parse(text)
  return text.split(',').map((id) => ({ funcscope_category: { id: Number(id) } }))
}

/** The values in a fixed order. */
export function formatProfile(profile: AuthorizerProfile): string {
  const { nick_name, user_name, principal_name, head_img, service_type, verify_type, isMiniProgram } = profile
  return JSON.stringify([
    nick_name,
    user_name,
    principal_name,
    head_img,
    service_type,
    verify_type,
    isMiniProgram ? 1 : 0,
  ])
}

/** An object is the form of version 0.1. */
export function parseProfile(text: string | undefined): AuthorizerProfile | undefined {
  if (!text) return undefined
  const known: unknown = JSON.parse(text)
  if (!Array.isArray(known)) return known as AuthorizerProfile
  const [nick_name, user_name, principal_name, head_img, service_type, verify_type, isMiniProgram] = known as unknown[]
  return {
    nick_name: String(nick_name),
    user_name: String(user_name),
    principal_name: String(principal_name),
    head_img: String(head_img),
    service_type: typeof service_type === 'number' ? service_type : null,
    verify_type: typeof verify_type === 'number' ? verify_type : null,
    isMiniProgram: isMiniProgram === 1,
  }
}

function idAlone(entry: Record<string, unknown>): number | undefined {
  const category = entry['funcscope_category']
  if (Object.keys(entry).length !== 1 || typeof category !== 'object' || category === null) return undefined
  const id: unknown = 'id' in category ? category.id : undefined
  return Object.keys(category).length === 1 && Number.isSafeInteger(id) && typeof id === 'number' ? id : undefined
}
