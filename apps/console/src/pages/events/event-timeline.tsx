// Owns: the timeline of an event: the push, and each delivery attempt with its answer.
import { Button } from 'tdesign-react/es/button'
import type { operations } from '../../api/schema.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { useFailure } from '../../ui/failure.tsx'
import { Card } from '../../ui/page.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { When } from '../../ui/when.tsx'
import { useAttempts } from './event-queries.ts'
import type { LoggedEvent } from './event-rows.tsx'
import { eventTexts } from './texts.ts'

type Attempt = operations['listAttempts']['responses'][200]['content']['application/json']['items'][number]

export function EventTimeline({ event, showsContent }: { event: LoggedEvent; showsContent: boolean }) {
  const texts = useTexts(eventTexts)
  const common = useTexts(consoleTexts)
  const attempts = useAttempts(event, showsContent ? 'true' : 'false')
  const oldestFirst = (attempts.data?.pages ?? []).flatMap(({ items }) => items).toReversed()
  return (
    <Card title={texts.timeline}>
      <ol className="timeline">
        <li>
          <strong>{event.type.startsWith('gateway.') ? texts.announced : texts.pushed}</strong>{' '}
          <When at={event.time} absolute />
        </li>
        <li className="step-good">
          <strong>{texts.stored}</strong> <When at={event.receivedAt} absolute />
        </li>
        {attempts.hasNextPage ? (
          <li>
            <Button theme="default" onClick={() => void attempts.fetchNextPage()}>
              {texts.earlier}
            </Button>
          </li>
        ) : null}
        {oldestFirst.map((attempt) => (
          <Step key={`${attempt.subscription} ${attempt.attempt} ${attempt.at}`} attempt={attempt} />
        ))}
        {attempts.data && oldestFirst.length === 0 ? <li className="muted">{texts.noAttempts}</li> : null}
      </ol>
      {attempts.isPending ? <p className="loading">{common.loading}</p> : null}
      {attempts.error ? <ErrorNotice error={attempts.error} onRetry={() => void attempts.refetch()} /> : null}
    </Card>
  )
}

function Step({ attempt }: { attempt: Attempt }) {
  const texts = useTexts(eventTexts)
  const failure = useFailure()
  const { subscription, at, durationMs, outcome, httpStatus, error, answer, worker, nextAttemptAt } = attempt
  return (
    <li className={outcome === 'delivered' ? 'step-good' : 'step-bad'}>
      <p className="line">
        <strong>{subscription}</strong> {texts.attempt(attempt.attempt)} <When at={at} absolute />{' '}
        <Status of={outcome} />
      </p>
      <p>
        {[
          ...new Set([
            httpStatus === null ? '' : `HTTP ${httpStatus}`,
            `${durationMs} ms`,
            error === null ? '' : failure(error),
          ]),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {answer ? (
        <>
          <p>{texts.answer}</p>
          {/* It scrolls: keyboards must be able to focus it. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre className="json" tabIndex={0}>
            {answer}
          </pre>
        </>
      ) : null}
      <p className="muted">
        {texts.worker} <code>{worker}</code>
      </p>
      {nextAttemptAt ? (
        <p className="muted">
          {texts.next} <When at={nextAttemptAt} absolute />
        </p>
      ) : null}
    </li>
  )
}
