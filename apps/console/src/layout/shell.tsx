// Owns: the frame around a page: menu, choice of platform, language and theme, sign-out.
import { Suspense, useEffect, useMemo, useState } from 'react'
import { ViewListIcon } from 'tdesign-icons-react'
import { hrefOf, go, useRoute } from '../routing/route.ts'
import { isGranted, type Session, SessionContext, signOut } from '../session/session.ts'
import { consoleTexts } from '../texts/console.ts'
import { type Language, useTexts } from '../texts/language.ts'
import { Select } from '../ui/form.tsx'
import { Loading } from '../ui/loaded.tsx'
import { NotFoundPage } from './not-found-page.tsx'
import { OVERVIEW, PAGES } from './pages.ts'
import { LanguageSwitch, ThemeSwitch } from './switches.tsx'

type Props = { session: Session; onLanguage(language: Language): void; onSignedOut(): void }

export function Shell({ session, onLanguage, onSignedOut }: Props) {
  const texts = useTexts(consoleTexts)
  const route = useRoute()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const platform = session.platforms.includes(route.platform) ? route.platform : (session.platforms[0] ?? '')
  const context = useMemo(() => ({ session, platform }), [session, platform])
  const pages = PAGES.filter(
    ({ needs }) => needs.length === 0 || needs.some((need) => isGranted(session, platform, need)),
  )
  const page = pages.find(({ path }) => path === (route.page || OVERVIEW))
  const Content = page?.component ?? NotFoundPage

  // On each new page: close the phone's menu and scroll to the top.
  const shown = `${platform}/${route.page}/${route.rest.join('/')}`
  useEffect(() => {
    setMenuOpen(false)
    scrollTo(0, 0)
  }, [shown])

  return (
    <SessionContext value={context}>
      <a className="skip" href="#content" onClick={skipToContent}>
        {texts.skip}
      </a>
      <div className={isMenuOpen ? 'shell menu-open' : 'shell'}>
        <header className="top">
          <button
            type="button"
            className="quiet menu-button"
            aria-label={texts.menu}
            aria-expanded={isMenuOpen}
            aria-controls="menu"
            onClick={() => setMenuOpen(!isMenuOpen)}
          >
            <ViewListIcon />
          </button>
          <a className="brand" aria-label={texts.product} href={hrefOf([platform, OVERVIEW])}>
            <img src="./icon.svg" alt="" width="28" height="28" />
            <span>{texts.product}</span>
          </a>
          <span className="top-space" />
          {session.platforms.length > 1 ? (
            <Select
              label={texts.platform}
              value={platform}
              onChange={(chosen) => go(hrefOf([chosen, page?.path ?? OVERVIEW]))}
              options={session.platforms.map((id) => [id, id] as const)}
            />
          ) : (
            <code className="platform">{platform}</code>
          )}
          <LanguageSwitch onLanguage={onLanguage} />
        </header>
        <nav className="menu" id="menu" aria-label={texts.menu}>
          <ul>
            {pages.map(({ path, text }) => (
              <li key={path}>
                <a href={hrefOf([platform, path])} aria-current={path === page?.path ? 'page' : undefined}>
                  {texts[text]}
                </a>
              </li>
            ))}
          </ul>
          <div className="menu-foot">
            <ThemeSwitch />
            <span className="caller" title={session.caller}>
              {session.caller}
            </span>
            <button type="button" className="quiet" onClick={() => void signOut().finally(onSignedOut)}>
              {texts.signOut}
            </button>
          </div>
        </nav>
        <main className="content" id="content" tabIndex={-1}>
          <Suspense key={shown} fallback={<Loading />}>
            <Content />
          </Suspense>
        </main>
      </div>
    </SessionContext>
  )
}

// The link's own `#content` would replace the page's address.
function skipToContent(event: { preventDefault(): void }): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}
