// Owns: what is wrong now, from what the routes answer: the worst first, each with its next step.
import { useQuery } from '@tanstack/react-query'
import { answered, api, send } from '../../api/client.ts'
import { useRefusedPushCounts } from '../../api/refused-pushes.ts'
import { useFirstSubscriptions } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { overviewTexts } from './texts.ts'

export type Wrong = { key: string; tone: 'bad' | 'warn'; what: string; detail?: string | undefined; next: string; href: string }

/** `isLoading`: what is known so far may not be all. */
export function useWrong(): { wrong: readonly Wrong[]; isLoading: boolean } {
  const checks = useFailedChecks()
  const accounts = useLostAccounts()
  const subscriptions = useDisabledSubscriptions()
  const pushes = useRefusedPushes()
  const parts = [checks, accounts, subscriptions, pushes]
  const wrong = parts.flatMap((part) => part.wrong)
  const rank = { bad: 0, warn: 1 }
  return {
    wrong: wrong.toSorted((left, right) => rank[left.tone] - rank[right.tone]),
    isLoading: parts.some((part) => part.isLoading),
  }
}

type Readiness = { checks: Array<{ name: string; ok: boolean; reason?: string }>; warnings: string[] }

// Answered with 503 where something is wrong: that is the answer, not a refusal.
async function readReadiness(): Promise<Readiness> {
  const response = await send('/readyz')
  return (await response.json()) as Readiness
}

/** Where the reader may look; without the right there is no such page. */
function useDiagnosisHref(): string {
  const { platform, may } = useSession()
  return hrefOf([platform, may({ action: 'console:use', whole: true }) ? 'diagnosis' : 'overview'])
}

function useFailedChecks() {
  const texts = useTexts(overviewTexts)
  const { data, isLoading } = useQuery({ queryKey: ['readyz'], queryFn: readReadiness })
  const href = useDiagnosisHref()
  const failed = (data?.checks ?? []).filter(({ ok }) => !ok)
  const wrong: Wrong[] = [
    ...failed.map(({ name, reason }) => ({
      key: `check ${name}`,
      tone: 'bad' as const,
      what: texts.checkFailed(name),
      detail: reason,
      next: texts.look,
      href,
    })),
    ...(data?.warnings ?? []).map((what) => ({ key: what, tone: 'warn' as const, what, next: texts.look, href })),
  ]
  return { wrong, isLoading }
}

function useLostAccounts() {
  const { platform, may } = useSession()
  const texts = useTexts(overviewTexts)
  const status = 'reauthorization_required'
  const { data, isLoading } = useQuery({
    queryKey: [platform, 'authorizers', 'lost'],
    enabled: may({ action: 'authorizers:read' }),
    queryFn: () =>
      answered(api.GET('/apis/v1/wx/{platform}/authorizers', { params: { path: { platform }, query: { limit: '100', status } } })),
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

function useDisabledSubscriptions() {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const { data, isLoading } = useFirstSubscriptions()
  const wrong: Wrong[] = (data?.items ?? [])
    .filter(({ enabled }) => !enabled)
    .map(({ name }) => ({
      key: `off ${name}`,
      tone: 'warn',
      what: texts.disabled(name),
      next: texts.disabledNext,
      href: hrefOf([platform, 'events'], { subscription: name }),
    }))
  return { wrong, isLoading }
}

function useRefusedPushes() {
  const texts = useTexts(overviewTexts)
  const href = useDiagnosisHref()
  const { data, isLoading } = useRefusedPushCounts()
  const wrong: Wrong[] = (data?.items ?? [])
    .filter(({ count1h }) => count1h > 0)
    .map(({ code, count1h, lastAddress }) => ({
      key: `refused ${code}`,
      tone: 'warn',
      what: texts.refused(code, count1h),
      detail: lastAddress,
      next: texts.refusedNext,
      href,
    }))
  return { wrong, isLoading }
}
