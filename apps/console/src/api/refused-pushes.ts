// Owns: the query of refused pushes by code, for several pages.
import { useQuery } from '@tanstack/react-query'
import { useSession } from '../session/session.ts'
import { api, dataOf } from './client.ts'

export function useRefusedPushCounts() {
  const { platform, may } = useSession()
  return useQuery({
    queryKey: [platform, 'refused-pushes'],
    enabled: may({ action: 'events:read', whole: true }),
    queryFn: () => dataOf(api.GET('/apis/v1/wx/{platform}/refused-pushes', { params: { path: { platform } } })),
  })
}
