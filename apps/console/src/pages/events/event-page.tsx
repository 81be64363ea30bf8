// Owns: the page of one event: its account and user, its content on request, its actions. The timeline and the
// deliveries have files of their own.
import { Button } from 'tdesign-react/es/button'
import { useState } from 'react'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Json } from '../../ui/json.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Facts, Page } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import { AccountLink } from '../accounts/account-link.tsx'
import { EraseContent } from './erase-content.tsx'
import { EventDeliveries } from './event-deliveries.tsx'
import { useEventKind } from './event-kind.tsx'
import { useEvent, useReplay } from './event-queries.ts'
import { type LoggedEvent, userOf } from './event-rows.tsx'
import { EventTimeline } from './event-timeline.tsx'
import { eventTexts } from './texts.ts'

export function EventPage({ id }: { id: string }) {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  const [showsContent, setShowsContent] = useState(false)
  const query = useEvent(id, { content: 'false' })
  const type = query.data?.type ?? texts.event
  const name = useEventKind()(type) ?? type
  const lead = (
    <>
      <a href={hrefOf([platform, 'events'])}>{texts.back}</a> · <code>{type}</code> · <code>{id}</code>
    </>
  )
  return (
    <Page title={name} name={name} lead={lead} actions={query.data ? <EventActions event={query.data} /> : null}>
      <Loaded query={query}>
        {(event) => (
          <>
            <About event={event} />
            <div className="columns">
              <EventTimeline event={event} showsContent={showsContent} />
              <div>
                <Content event={event} isShown={showsContent} onShow={() => setShowsContent(true)} />
                <EventDeliveries event={event} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  )
}

function About({ event }: { event: LoggedEvent }) {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  const { authorizerappid, receivedAt } = event
  const user = userOf(event)
  if (!authorizerappid) return null
  const ofUser = hrefOf([platform, 'events'], { authorizer: authorizerappid, subject: user })
  return (
    <Card>
      <Facts
        of={[
          [texts.account, <AccountLink key="account" appid={authorizerappid} />],
          ...(user === undefined ? [] : [[texts.user, <code key="user">{user}</code>] as const]),
          [texts.received, <When key="received" at={receivedAt} absolute />],
          [
            texts.more,
            <a key="more" href={ofUser}>
              {user === undefined ? texts.ofAccount : texts.ofUser}
            </a>,
          ],
        ]}
      />
    </Card>
  )
}

function EventActions({ event }: { event: LoggedEvent }) {
  const { authorizerappid } = event
  const user = userOf(event)
  return (
    <>
      <ReplayToAll event={event} />
      {authorizerappid && user !== undefined ? <EraseContent authorizer={authorizerappid} subject={user} /> : null}
    </>
  )
}

function ReplayToAll({ event: { id, authorizerappid } }: { event: LoggedEvent }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  const replay = useReplay(id)
  if (!may({ action: 'events:replay', authorizer: authorizerappid ?? undefined })) return null
  return (
    <Action confirm={texts.replayAsk} done={texts.replayed} run={() => replay()}>
      {texts.replay}
    </Action>
  )
}

function Content({ event, isShown, onShow }: { event: LoggedEvent; isShown: boolean; onShow(): void }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  const full = useEvent(event.id, { content: 'true', isEnabled: isShown })
  const mayRead = may({ action: 'events:content', authorizer: event.authorizerappid ?? undefined })
  return (
    <Card title={texts.content}>
      {isShown ? (
        <Loaded query={full}>{(shown) => <Json of={shown.event} />}</Loaded>
      ) : (
        <div className="stack">
          <p className="muted">{mayRead ? texts.hidden : texts.notYours}</p>
          {mayRead ? (
            <span>
              <Button onClick={onShow}>{texts.show}</Button>
            </span>
          ) : null}
          <Json of={event.event} />
        </div>
      )}
    </Card>
  )
}
