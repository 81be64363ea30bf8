// Owns: how a refusal is shown.
import { Button } from 'tdesign-react/es/button'
import { isUnknownRoute, Refusal } from '../api/refusal.ts'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const texts = useTexts(consoleTexts)
  if (isUnknownRoute(error)) return <p className="notice">{texts.notYet}</p>
  return (
    <div className="notice notice-bad" role="alert">
      <p>
        <strong>{error instanceof Refusal ? texts.failed : texts.unreachable}</strong>
        {error instanceof Refusal ? ` · ${error.code}` : null}
      </p>
      <p>{messageOf(error)}</p>
      {error instanceof Refusal && error.requestId ? (
        <p className="muted">
          {texts.request} <code>{error.requestId}</code>
        </p>
      ) : null}
      {onRetry ? <Button onClick={onRetry}>{texts.retry}</Button> : null}
    </div>
  )
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
