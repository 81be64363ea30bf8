// Owns: the query of one account for several pages, and the permission sets it granted.
import { queryOptions } from '@tanstack/react-query'
import { api, dataOf } from './client.ts'
import type { components } from './schema.ts'

export type Account = components['schemas']['Authorizer']

export function accountQuery(platform: string, appid: string) {
  const params = { path: { platform, APPID: appid } }
  return queryOptions({
    queryKey: [platform, 'authorizers', appid],
    queryFn: () => dataOf(api.GET('/apis/v1/wx/{platform}/authorizers/{APPID}', { params })),
  })
}

/** From WeChat's `func_info`: `[{"funcscope_category": {"id": 1}}]`. */
export function grantedSets({ func_info }: Pick<Account, 'func_info'>): number[] {
  return func_info.flatMap(({ funcscope_category: category }) =>
    typeof category === 'object' && category !== null && 'id' in category ? [Number(category.id)] : [],
  )
}
