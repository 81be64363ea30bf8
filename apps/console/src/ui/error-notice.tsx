// Owns: the notice of a failed request, with a retry.
import { Button } from 'tdesign-react/es/button'
import { isUnknownRoute, ApiError } from '../api/api-error.ts'
import { consoleTexts } from '../texts/console.ts'
import { useTexts } from '../texts/language.ts'

export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const texts = useTexts(consoleTexts)
  if (isUnknownRoute(error)) return <p className="notice">{texts.notYet}</p>
  return (
    <div className="notice notice-bad" role="alert">
      <p>
        <strong>{error instanceof ApiError ? texts.failed : texts.unreachable}</strong>
        {error instanceof ApiError ? ` · ${error.code}` : null}
      </p>
      <p>{messageOf(error)}</p>
      {error instanceof ApiError && error.requestId ? (
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
