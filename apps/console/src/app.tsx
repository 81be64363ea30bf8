// Owns: what stands around every page: language, queries, and the session, without which there is only the sign-in.
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { holdSession } from './api/client.ts'
import { Refusal } from './api/refusal.ts'
import { Shell } from './layout/shell.tsx'
import { readSession, type Session } from './session/session.ts'
import { SignInPage } from './session/sign-in-page.tsx'
import { firstLanguage, HTML_LANG, keepLanguage, LanguageContext, type Language } from './texts/language.ts'
import { Waiting } from './ui/loaded.tsx'
import { Problem } from './ui/problem.tsx'

type State =
  | { kind: 'asking' }
  | { kind: 'unreachable'; error: unknown }
  | { kind: 'outside'; expired: boolean }
  | { kind: 'inside'; session: Session }

export function App() {
  const [language, setLanguage] = useState(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = HTML_LANG[language]
    keepLanguage(language)
  }, [language])
  return (
    <LanguageContext value={language}>
      <Gate onLanguage={setLanguage} />
    </LanguageContext>
  )
}

function Gate({ onLanguage }: { onLanguage(language: Language): void }) {
  const [state, setState] = useState<State>({ kind: 'asking' })
  const queries = useMemo(createQueries, [])

  function enter(session: Session): void {
    holdSession({ csrfToken: session.csrfToken, onExpired: () => leave({ expired: true }) })
    setState({ kind: 'inside', session })
  }
  // What was loaded goes with the session.
  function leave({ expired }: { expired: boolean }): void {
    queries.clear()
    holdSession({ csrfToken: '', onExpired: () => {} })
    setState({ kind: 'outside', expired })
  }
  function ask(): void {
    readSession().then(
      (session) => (session ? enter(session) : leave({ expired: false })),
      (error: unknown) => setState({ kind: 'unreachable', error }),
    )
  }
  // Once, when the page is opened.
  useEffect(ask, [])

  switch (state.kind) {
    case 'asking':
      return <Waiting />
    case 'unreachable':
      return <Problem error={state.error} onRetry={ask} />
    case 'outside':
      return <SignInPage hasExpired={state.expired} onSession={enter} onLanguage={onLanguage} />
    case 'inside':
      return (
        <QueryClientProvider client={queries}>
          <Shell session={state.session} onLanguage={onLanguage} onSignedOut={() => leave({ expired: false })} />
        </QueryClientProvider>
      )
  }
}

const FRESH_MS = 5000

function createQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache(),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        // A refusal stays one; that nobody answers may pass.
        retry: (failures, error) => !(error instanceof Refusal) && failures < 1,
      },
    },
  })
}
