// Owns: the checks that fail now: of the diagnosis where the reader has the right to it, of readiness otherwise.
import { useQuery } from '@tanstack/react-query'
import { answered, api, send } from '../../api/client.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import type { Wrong, WrongPart } from './problems.ts'
import { overviewTexts } from './texts.ts'

const EVERY_MS = 60_000

export function useMaySeeDiagnosis(): boolean {
  return useSession().may({ action: 'console:use', whole: true })
}

/** Of all platforms of the reader. */
export function useDiagnosis() {
  return useQuery({
    queryKey: ['diagnosis'],
    enabled: useMaySeeDiagnosis(),
    refetchInterval: EVERY_MS,
    queryFn: () => answered(api.GET('/diagnosis', {})),
  })
}

/** Of the platform that is shown, and of the whole gateway. */
export function useFailedChecks(): WrongPart {
  const mayDiagnose = useMaySeeDiagnosis()
  const diagnosed = useFailedDiagnosis()
  const ready = useFailedReadiness(!mayDiagnose)
  return mayDiagnose ? diagnosed : ready
}

function useFailedDiagnosis(): WrongPart {
  const { platform: shown } = useSession()
  const language = useLanguage()
  const { data, isLoading } = useDiagnosis()
  const failed = (data?.checks ?? []).filter(
    ({ status, platform }) => status !== 'ok' && (platform === null || platform === shown),
  )
  const href = hrefOf([shown, 'diagnosis'])
  const wrong = failed.map(({ id, status, title, what, whatToDo }): Wrong => ({
    key: `check ${id}`,
    tone: status === 'problem' ? 'bad' : 'warn',
    what: title[language],
    detail: what[language],
    next: whatToDo?.[language] ?? title[language],
    href,
  }))
  return { wrong, isLoading }
}

type Readiness = { checks: Array<{ name: string; ok: boolean; reason?: string }>; warnings: string[] }

// Answered with 503 where something is wrong: that is the answer, not a refusal.
async function readReadiness(): Promise<Readiness> {
  const response = await send('/readyz')
  return (await response.json()) as Readiness
}

function useFailedReadiness(enabled: boolean): WrongPart {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const { data, isLoading } = useQuery({
    queryKey: ['readyz'],
    enabled,
    refetchInterval: EVERY_MS,
    queryFn: readReadiness,
  })
  const known: Record<string, string> = texts.checks
  // Some end in the id of a platform.
  const nameOf = (check: string) => known[check] ?? known[check.split('-')[0] ?? ''] ?? texts.checkFailed(check)
  const place = { next: texts.tellOperator, href: hrefOf([platform, 'overview']) }
  const wrong: Wrong[] = [
    ...(data?.checks ?? [])
      .filter(({ ok }) => !ok)
      .map(({ name }) => ({ key: `check ${name}`, tone: 'bad' as const, what: nameOf(name), detail: name, ...place })),
    // `name: reason`, in English; the name says what it is.
    ...(data?.warnings ?? []).map((warning) => {
      const [name = ''] = warning.split(':')
      return { key: `check ${name}`, tone: 'warn' as const, what: nameOf(name), detail: name, ...place }
    }),
  ]
  return { wrong, isLoading }
}
