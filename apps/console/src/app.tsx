// Owns: the language, the query cache and the session of the console. Without a session it shows the sign-in page.
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { setSession } from './api/client.ts'
import { ApiError } from './api/api-error.ts'
import { Shell } from './layout/shell.tsx'
import { readSession, type Session } from './session/session.ts'
import { SignInPage } from './session/sign-in-page.tsx'
import { firstLanguage, HTML_LANG, keepLanguage, LanguageContext, type Language } from './texts/language.ts'
import { Loading } from './ui/loaded.tsx'
import { ErrorNotice } from './ui/error-notice.tsx'

type State =
  | { kind: 'loading' }
  | { kind: 'unreachable'; error: unknown }
  | { kind: 'signed-out'; hasExpired: boolean }
  | { kind: 'signed-in'; session: Session }

export function App() {
  const [language, setLanguage] = useState(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = HTML_LANG[language]
    keepLanguage(language)
  }, [language])
  return (
    <LanguageContext value={language}>
      <SessionGate onLanguage={setLanguage} />
    </LanguageContext>
  )
}

function SessionGate({ onLanguage }: { onLanguage(language: Language): void }) {
  const [state, setState] = useState<State>({ kind: 'loading' })
  const queries = useMemo(createQueries, [])

  function onSignedIn(session: Session): void {
    setSession({ csrfToken: session.csrfToken, onExpired: () => onSignedOut({ hasExpired: true }) })
    setState({ kind: 'signed-in', session })
  }
  /** Clears the cached answers, too. */
  function onSignedOut({ hasExpired }: { hasExpired: boolean }): void {
    queries.clear()
    setSession({ csrfToken: '', onExpired: () => {} })
    setState({ kind: 'signed-out', hasExpired })
  }
  function load(): void {
    readSession().then(
      (session) => (session ? onSignedIn(session) : onSignedOut({ hasExpired: false })),
      (error: unknown) => setState({ kind: 'unreachable', error }),
    )
  }
  useEffect(load, [])

  switch (state.kind) {
    case 'loading':
      return <Loading />
    case 'unreachable':
      return <ErrorNotice error={state.error} onRetry={load} />
    case 'signed-out':
      return <SignInPage hasExpired={state.hasExpired} onSession={onSignedIn} onLanguage={onLanguage} />
    case 'signed-in':
      return (
        <QueryClientProvider client={queries}>
          <Shell
            session={state.session}
            onLanguage={onLanguage}
            onSignedOut={() => onSignedOut({ hasExpired: false })}
          />
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
        // Retry a missing answer once. An error answer would only come again.
        retry: (failures, error) => !(error instanceof ApiError) && failures < 1,
      },
    },
  })
}
