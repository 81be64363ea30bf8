// Owns: what the pages of links ask the gateway, under which keys the answers are cached.
import { queryOptions } from '@tanstack/react-query'
import { answered, api } from '../../api/client.ts'
import type { components } from '../../api/schema.ts'

export type LinkSession = components['schemas']['AuthorizationSession']

export const linkKeys = {
  all: (platform: string) => [platform, 'links'] as const,
  one: (platform: string, id: string) => [platform, 'links', 'one', id] as const,
  address: (platform: string, id: string) => [platform, 'links', 'address', id] as const,
}

export function sessionQuery(platform: string, id: string) {
  const params = { path: { platform, sessionId: id } }
  return queryOptions({
    queryKey: linkKeys.one(platform, id),
    queryFn: () => answered(api.GET('/apis/v1/wx/{platform}/authorization-sessions/{sessionId}', { params })),
  })
}

/** It never changes. */
export function addressQuery(platform: string, id: string) {
  const params = { path: { platform, sessionId: id } }
  return queryOptions({
    queryKey: linkKeys.address(platform, id),
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => answered(api.GET('/apis/v1/wx/{platform}/authorization-sessions/{sessionId}/link', { params })),
  })
}
