// Owns: the page of one event: what happened to it, its content when asked for, who would get it, and replaying it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { answered, api } from '../../api/client.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Json } from '../../ui/json.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import type { LoggedEvent } from './event-rows.tsx'
import { eventTexts } from './texts.ts'

export function EventPage({ id }: { id: string }) {
  const { platform, may } = useSession()
  const texts = useTexts(eventTexts)
  const queries = useQueryClient()
  const query = useEvent(id, 'false')
  const params = { path: { platform, id } }
  const again = () => queries.invalidateQueries({ queryKey: [platform, 'events'] })
  const name = query.data?.type ?? texts.event
  const replay = (
    <Action
      confirm={texts.replayAsk}
      done={texts.replayed}
      run={() => answered(api.POST('/apis/v1/wx/{platform}/events/{id}/replay', { params, body: {} })).then(again)}
    >
      {texts.replay}
    </Action>
  )
  return (
    <Page title={name} name={name} lead={<code>{id}</code>} actions={may({ action: 'events:replay' }) ? replay : null}>
      <Loaded query={query}>
        {(event) => (
          <div className="columns">
            <Story event={event} />
            <div>
              <Content event={event} />
              {may({ action: 'subscriptions:read' }) ? <WhoGetsIt id={id} /> : null}
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  )
}

function useEvent(id: string, content: 'true' | 'false', enabled = true) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'events', 'one', id, content],
    enabled,
    queryFn: () => {
      const params = { path: { platform, id }, query: { content } }
      return answered(api.GET('/apis/v1/wx/{platform}/events/{id}', { params }))
    },
  })
}

function Story({ event: { id, time, receivedAt } }: { event: LoggedEvent }) {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  const attempts = useQuery({
    queryKey: [platform, 'events', 'one', id, 'attempts'],
    queryFn: () => {
      const params = { path: { platform, id }, query: { limit: '200', content: 'false' as const } }
      return answered(api.GET('/apis/v1/wx/{platform}/events/{id}/attempts', { params }))
    },
  })
  return (
    <Card title={texts.story}>
      <ol className="timeline">
        <li>
          <strong>{texts.pushed}</strong> <When at={time} absolute />
        </li>
        <li className="step-good">
          <strong>{texts.stored}</strong> <When at={receivedAt} absolute />
        </li>
        {(attempts.data?.items ?? []).toReversed().map(({ subscription, attempt, at, durationMs, outcome, httpStatus, error, nextAttemptAt }) => (
          <li key={`${subscription} ${attempt} ${at}`} className={outcome === 'delivered' ? 'step-good' : 'step-bad'}>
            <p className="line">
              <strong>{subscription}</strong> {texts.attempt(attempt)} <When at={at} absolute />
            </p>
            <p>{[outcome, httpStatus, durationMs === null ? null : `${durationMs} ms`, error].filter(Boolean).join(' · ')}</p>
            {nextAttemptAt ? (
              <p className="muted">
                {texts.next} <When at={nextAttemptAt} absolute />
              </p>
            ) : null}
          </li>
        ))}
      </ol>
    </Card>
  )
}

function Content({ event }: { event: LoggedEvent }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  const [isShown, setShown] = useState(false)
  const full = useEvent(event.id, 'true', isShown)
  const mayLook = may({ action: 'events:content', authorizer: event.authorizerappid ?? undefined })
  return (
    <Card title={texts.content}>
      {isShown ? (
        <Loaded query={full}>{(shown) => <Json of={shown.event} />}</Loaded>
      ) : (
        <div className="stack">
          <p className="muted">{texts.hidden}</p>
          {mayLook ? (
            <span>
              <Button onClick={() => setShown(true)}>{texts.show}</Button>
            </span>
          ) : null}
          <Json of={event.event} />
        </div>
      )}
    </Card>
  )
}

function WhoGetsIt({ id }: { id: string }) {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  const query = useQuery({
    queryKey: [platform, 'subscriptions', 'match', id],
    queryFn: () =>
      answered(api.POST('/apis/v1/wx/{platform}/subscriptions/match', { params: { path: { platform } }, body: { eventId: id } })),
  })
  return (
    <Card title={texts.who}>
      <p className="muted">{texts.whoLead}</p>
      <Loaded query={query}>
        {({ items }) => (
          <ul className="stack">
            {items.map(({ subscription, matches, reason }) => (
              <li key={subscription} className="line">
                <Badge tone={matches ? 'good' : 'idle'}>{matches ? texts.matches : texts.matchesNot}</Badge> {subscription}
                {reason ? <code className="muted">{reason}</code> : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  )
}
