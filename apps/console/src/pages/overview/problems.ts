// Owns: what is wrong now, from what the routes answer: the worst first, each with its next step.
import { useQuery } from '@tanstack/react-query'
import { answered, api } from '../../api/client.ts'
import { useRefusedPushCounts } from '../../api/refused-pushes.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { useFailedChecks, useMaySeeDiagnosis } from './failed-checks.ts'
import { useFailingDeliveries } from './failing-deliveries.ts'
import { overviewTexts } from './texts.ts'

export type Wrong = {
  key: string
  tone: 'bad' | 'warn'
  what: string
  detail?: string | undefined
  next: string
  href: string
}

/** `isLoading`: what is known so far may not be all. */
export type WrongPart = { wrong: readonly Wrong[]; isLoading: boolean }

export function useWrong(): WrongPart {
  const parts = [useFailedChecks(), useLostAccounts(), useFailingDeliveries(), useRefusedPushes()]
  const rank = { bad: 0, warn: 1 }
  return {
    wrong: parts.flatMap((part) => part.wrong).toSorted((left, right) => rank[left.tone] - rank[right.tone]),
    isLoading: parts.some((part) => part.isLoading),
  }
}

function useLostAccounts(): WrongPart {
  const { platform, may } = useSession()
  const texts = useTexts(overviewTexts)
  const status = 'reauthorization_required'
  const { data, isLoading } = useQuery({
    queryKey: [platform, 'authorizers', 'lost'],
    enabled: may({ action: 'authorizers:read' }),
    queryFn: () =>
      answered(
        api.GET('/apis/v1/wx/{platform}/authorizers', {
          params: { path: { platform }, query: { limit: '100', status } },
        }),
      ),
  })
  const lost = data?.items.length ?? 0
  const wrong: Wrong[] =
    lost === 0
      ? []
      : [
          {
            key: 'lost',
            tone: 'bad',
            what: texts.reauthorize(data?.nextCursor ? `${lost}+` : String(lost)),
            next: texts.reauthorizeNext,
            href: hrefOf([platform, 'accounts'], { status }),
          },
        ]
  return { wrong, isLoading }
}

/** For those without the diagnosis, which has a check of it. */
function useRefusedPushes(): WrongPart {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const mayDiagnose = useMaySeeDiagnosis()
  const { data, isLoading } = useRefusedPushCounts()
  if (mayDiagnose) return { wrong: [], isLoading: false }
  const wrong: Wrong[] = (data?.items ?? [])
    .filter(({ count1h }) => count1h > 0)
    .map(({ code, count1h, lastAddress }) => ({
      key: `refused ${code}`,
      tone: 'warn',
      what: texts.refused(code, count1h),
      detail: lastAddress,
      next: texts.refusedNext,
      href: hrefOf([platform, 'overview']),
    }))
  return { wrong, isLoading }
}
