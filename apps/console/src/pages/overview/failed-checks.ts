// Owns: the checks that fail now: those of the diagnosis, or of readiness when the caller may not read the diagnosis.
import { useQuery } from '@tanstack/react-query'
import { api, dataOf, send } from '../../api/client.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import type { Problem, ProblemsQuery } from './problems.ts'
import { overviewTexts } from './texts.ts'

const POLL_MS = 60_000

export function useMaySeeDiagnosis(): boolean {
  return useSession().may({ action: 'console:use', whole: true })
}

/** All platforms of the caller. */
export function useDiagnosis() {
  return useQuery({
    queryKey: ['diagnosis'],
    enabled: useMaySeeDiagnosis(),
    refetchInterval: POLL_MS,
    queryFn: () => dataOf(api.GET('/diagnosis', {})),
  })
}

/** Those of the chosen platform, and of the gateway itself. */
export function useFailedChecks(): ProblemsQuery {
  const mayDiagnose = useMaySeeDiagnosis()
  const diagnosed = useFailedDiagnosis()
  const ready = useFailedReadiness(!mayDiagnose)
  return mayDiagnose ? diagnosed : ready
}

function useFailedDiagnosis(): ProblemsQuery {
  const { platform: chosen } = useSession()
  const language = useLanguage()
  const { data, isLoading } = useDiagnosis()
  const failed = (data?.checks ?? []).filter(
    ({ status, platform }) => status !== 'ok' && (platform === null || platform === chosen),
  )
  const href = hrefOf([chosen, 'diagnosis'])
  const problems = failed.map(({ id, status, title, what, whatToDo }): Problem => ({
    key: `check ${id}`,
    tone: status === 'problem' ? 'bad' : 'warn',
    what: title[language],
    detail: what[language],
    next: whatToDo?.[language] ?? title[language],
    href,
  }))
  return { problems, isLoading }
}

type Readiness = { checks: Array<{ name: string; ok: boolean; reason?: string }>; warnings: string[] }

/** A failed check answers 503 with the same body. */
async function readReadiness(): Promise<Readiness> {
  const response = await send('/readyz')
  return (await response.json()) as Readiness
}

function useFailedReadiness(enabled: boolean): ProblemsQuery {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const { data, isLoading } = useQuery({
    queryKey: ['readyz'],
    enabled,
    refetchInterval: POLL_MS,
    queryFn: readReadiness,
  })
  const known: Record<string, string> = texts.checks
  // The names of some checks end in the id of a platform.
  const nameOf = (check: string) => known[check] ?? known[check.split('-')[0] ?? ''] ?? texts.checkFailed(check)
  const next = { next: texts.tellOperator, href: hrefOf([platform, 'overview']) }
  const problems: Problem[] = [
    ...(data?.checks ?? [])
      .filter(({ ok }) => !ok)
      .map(({ name }) => ({ key: `check ${name}`, tone: 'bad' as const, what: nameOf(name), detail: name, ...next })),
    // `name: reason`. The reason is English only.
    ...(data?.warnings ?? []).map((warning) => {
      const [name = ''] = warning.split(':')
      return { key: `check ${name}`, tone: 'warn' as const, what: nameOf(name), detail: name, ...next }
    }),
  ]
  return { problems, isLoading }
}
