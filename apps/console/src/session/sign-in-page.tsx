// Owns: the sign-in page, which exchanges a key for a session. The key is not stored.
import { type FormEvent, useEffect, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { ApiError } from '../api/api-error.ts'
import { LanguageSwitch } from '../layout/switches.tsx'
import { consoleTexts } from '../texts/console.ts'
import { dictionary, type Language, useTexts } from '../texts/language.ts'
import { Field, TextInput } from '../ui/form.tsx'
import { messageOf } from '../ui/error-notice.tsx'
import { type Session, signIn } from './session.ts'

const texts = dictionary(
  {
    lead: '消息到了没有、谁没收到、哪里出了问题，在这里看。',
    key: '密钥',
    hint: '网关调用方的密钥（API_KEYS 或 CONFIG_FILE），需要 console:use 权限。登录后不会保存在浏览器里。',
    enter: '登录',
    missing: '请输入密钥',
    expired: '会话已过期，请重新登录。登录后回到刚才的页面。',
    wrong: '密钥不对，或者它已经失效。',
    forbidden: '这个密钥没有 console:use 权限。',
    limited: '尝试太多次，请稍后再试。',
    cookie: '浏览器没有接受会话 Cookie。',
  },
  {
    lead: 'What arrived, who did not receive it, and what to do.',
    key: 'Key',
    hint: 'The key of a caller of the gateway (API_KEYS or CONFIG_FILE) with the action console:use. The browser does not store it.',
    enter: 'Sign in',
    missing: 'Enter your key',
    expired: 'The session has expired. Sign in again to return to this page.',
    wrong: 'The key is wrong, or no longer valid.',
    forbidden: 'This key lacks the action console:use.',
    limited: 'Too many attempts. Try again later.',
    cookie: 'The browser refused the session cookie.',
  },
)

/** The form was submitted without a key: nothing is sent. */
const NO_KEY = Symbol('no key')

type Props = { hasExpired: boolean; onSession(session: Session): void; onLanguage(language: Language): void }

export function SignInPage({ hasExpired, onSession, onLanguage }: Props) {
  const [key, setKey] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const common = useTexts(consoleTexts)
  const own = useTexts(texts)
  useEffect(() => {
    document.title = `${own.enter} · ${common.product}`
  }, [own, common])

  function explain(reason: unknown): string {
    if (reason === NO_KEY) return own.missing
    if (!(reason instanceof ApiError)) return common.unreachable
    if (reason.code === 'COOKIE_REFUSED') return own.cookie
    if (reason.status === 401) return own.wrong
    if (reason.status === 403) return own.forbidden
    return reason.status === 429 ? own.limited : messageOf(reason)
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (key.trim() === '') {
      setError(NO_KEY)
      return
    }
    setBusy(true)
    setError(undefined)
    signIn(key.trim())
      .then(onSession, setError)
      .finally(() => setBusy(false))
  }

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={submit}>
        <img src="./icon.svg" alt="" width="44" height="44" />
        <h1>{common.product}</h1>
        <p className="muted">{own.lead}</p>
        {hasExpired ? (
          <p className="notice" role="status">
            {own.expired}
          </p>
        ) : null}
        <Field label={own.key} hint={own.hint} error={error === undefined ? undefined : explain(error)}>
          <TextInput type="password" isLarge autocomplete="current-password" autofocus value={key} onChange={setKey} />
        </Field>
        <Button type="submit" theme="primary" size="large" block loading={isBusy}>
          {own.enter}
        </Button>
        <LanguageSwitch onLanguage={onLanguage} />
      </form>
    </main>
  )
}
