// Owns: the time until an account's token expires. The token itself is never shown.
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { useDuration } from '../../ui/when.tsx'
import { accountTexts } from './texts.ts'

export function TokenLeft({ expiresAt }: { expiresAt: string | null }) {
  const texts = useTexts(accountTexts)
  const duration = useDuration()
  if (expiresAt === null) return <span className="muted">–</span>
  const seconds = (Date.parse(expiresAt) - Date.now()) / 1000
  return seconds > 0 ? (
    <span title={`${expiresAt} UTC`}>{duration(seconds)}</span>
  ) : (
    <Badge tone="warn">{texts.expired}</Badge>
  )
}
