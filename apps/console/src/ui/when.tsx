// Owns: times in the reader's zone or as "5 min ago", with UTC on hover; and durations.
import { useLanguage, useTexts, HTML_LANG, type Language } from '../texts/language.ts'
import { consoleTexts } from '../texts/console.ts'

const DAY_SECONDS = 86_400
const HOUR_SECONDS = 3600

export function When({ at, absolute = false }: { at: string | null | undefined; absolute?: boolean }) {
  const language = useLanguage()
  const relative = useAgo(at)
  if (!at) return <span className="muted">–</span>
  return (
    <time dateTime={at} title={`${at.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC`}>
      {absolute ? inZone(at, language) : relative}
    </time>
  )
}

function inZone(at: string, language: Language): string {
  return new Date(at).toLocaleString(HTML_LANG[language], {
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  })
}

/** Formats seconds, as `5 min`. */
export function useDuration(): (seconds: number) => string {
  const { duration } = useTexts(consoleTexts)
  return (seconds) => {
    const whole = Math.max(0, Math.round(seconds))
    if (whole < 120) return duration.seconds(whole)
    if (whole < 2 * HOUR_SECONDS) return duration.minutes(Math.floor(whole / 60))
    if (whole < 2 * DAY_SECONDS) return duration.hours(Math.floor(whole / HOUR_SECONDS))
    return duration.days(Math.floor(whole / DAY_SECONDS))
  }
}

function useAgo(at: string | null | undefined): string {
  const texts = useTexts(consoleTexts)
  const duration = useDuration()
  if (!at) return ''
  const seconds = (Date.now() - Date.parse(at)) / 1000
  return seconds >= 0 ? texts.ago(duration(seconds)) : texts.inFuture(duration(-seconds))
}
