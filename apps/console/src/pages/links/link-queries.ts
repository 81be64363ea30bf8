// Owns: the queries of the pages of links, and the keys under which their answers are cached.
import { queryOptions } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import type { components } from '../../api/schema.ts'

export type LinkSession = components['schemas']['AuthorizationSession']

export const linkKeys = {
  all: (platform: string) => [platform, 'links'] as const,
  one: (platform: string, id: string) => [platform, 'links', 'one', id] as const,
  url: (platform: string, id: string) => [platform, 'links', 'url', id] as const,
}

export function sessionQuery(platform: string, id: string) {
  const params = { path: { platform, sessionId: id } }
  return queryOptions({
    queryKey: linkKeys.one(platform, id),
    queryFn: () => dataOf(api.GET('/apis/v1/wx/{platform}/authorization-sessions/{sessionId}', { params })),
  })
}

/** The URL never changes. */
export function urlQuery(platform: string, id: string) {
  const params = { path: { platform, sessionId: id } }
  return queryOptions({
    queryKey: linkKeys.url(platform, id),
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => dataOf(api.GET('/apis/v1/wx/{platform}/authorization-sessions/{sessionId}/link', { params })),
  })
}
