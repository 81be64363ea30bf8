// Owns: what several pages ask about refused pushes.
import { useQuery } from '@tanstack/react-query'
import { useSession } from '../session/session.ts'
import { answered, api } from './client.ts'

export function useRefusedPushCounts() {
  const { platform, may } = useSession()
  return useQuery({
    queryKey: [platform, 'refused-pushes'],
    enabled: may({ action: 'events:read', whole: true }),
    queryFn: () => answered(api.GET('/apis/v1/wx/{platform}/refused-pushes', { params: { path: { platform } } })),
  })
}
