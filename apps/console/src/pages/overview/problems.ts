// Owns: the current problems, the worst first, each with a next step.
import { useQuery } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import { useRefusedPushCounts } from '../../api/refused-pushes.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { useFailedChecks, useMaySeeDiagnosis } from './failed-checks.ts'
import { useFailingDeliveries } from './failing-deliveries.ts'
import { overviewTexts } from './texts.ts'

export type Problem = {
  key: string
  tone: 'bad' | 'warn'
  what: string
  detail?: string | undefined
  next: string
  href: string
}

/** `isLoading`: more problems may come. */
export type ProblemsQuery = { problems: readonly Problem[]; isLoading: boolean }

export function useProblems(): ProblemsQuery {
  const parts = [useFailedChecks(), useLostAccounts(), useFailingDeliveries(), useRefusedPushes()]
  const rank = { bad: 0, warn: 1 }
  return {
    problems: parts.flatMap((part) => part.problems).toSorted((left, right) => rank[left.tone] - rank[right.tone]),
    isLoading: parts.some((part) => part.isLoading),
  }
}

function useLostAccounts(): ProblemsQuery {
  const { platform, may } = useSession()
  const texts = useTexts(overviewTexts)
  const status = 'reauthorization_required'
  const { data, isLoading } = useQuery({
    queryKey: [platform, 'authorizers', 'lost'],
    enabled: may({ action: 'authorizers:read' }),
    queryFn: () =>
      dataOf(
        api.GET('/apis/v1/wx/{platform}/authorizers', {
          params: { path: { platform }, query: { limit: '100', status } },
        }),
      ),
  })
  const lost = data?.items.length ?? 0
  const problems: Problem[] =
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
  return { problems, isLoading }
}

/** Only without the diagnosis, which checks them itself. */
function useRefusedPushes(): ProblemsQuery {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const mayDiagnose = useMaySeeDiagnosis()
  const { data, isLoading } = useRefusedPushCounts()
  if (mayDiagnose) return { problems: [], isLoading: false }
  const problems: Problem[] = (data?.items ?? [])
    .filter(({ count1h }) => count1h > 0)
    .map(({ code, count1h, lastAddress }) => ({
      key: `refused ${code}`,
      tone: 'warn',
      what: texts.refused(code, count1h),
      detail: lastAddress,
      next: texts.refusedNext,
      href: hrefOf([platform, 'overview']),
    }))
  return { problems, isLoading }
}
