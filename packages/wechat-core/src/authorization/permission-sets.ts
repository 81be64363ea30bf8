// Owns: the ids of permission sets (权限集): in WeChat's func_info, and in the list that an authorization page is opened
// with.
import type { FuncInfo } from '../api/apis.ts'

const MAX_ID = 1_000_000_000

/** Ascending and unique. Entries without an id are skipped. */
export function permissionSetIds(funcInfo: FuncInfo): number[] {
  const ids = funcInfo.flatMap((entry) => {
    const category = entry['funcscope_category']
    const id: unknown = typeof category === 'object' && category !== null && 'id' in category ? category.id : undefined
    const number = typeof id === 'string' && /^\d{1,9}$/.test(id) ? Number(id) : id
    return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < MAX_ID ? [number] : []
  })
  return [...new Set(ids)].toSorted((left, right) => left - right)
}
