// Owns: two cards of an event's page: the state of each delivery, and which subscriptions match the event now, with the
// reason of those that do not, and a replay to those that do.
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Badge, Status } from '../../ui/badge.tsx'
import { useFailure } from '../../ui/failure.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { useMatches, useReplay } from './event-queries.ts'
import type { LoggedEvent } from './event-rows.tsx'
import { eventTexts } from './texts.ts'

type Delivery = LoggedEvent['deliveries'][number]

export function EventDeliveries({ event }: { event: LoggedEvent }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  return (
    <>
      <Card title={texts.deliveries} flush>
        <Rows
          label={texts.deliveries}
          columns={useColumns()}
          rows={event.deliveries}
          keyOf={({ subscription }) => subscription}
          empty={texts.nobody}
        />
      </Card>
      {may({ action: 'subscriptions:read', authorizer: event.authorizerappid ?? undefined }) ? (
        <Matches event={event} />
      ) : null}
    </>
  )
}

function useColumns(): Array<Column<Delivery>> {
  const { platform, may } = useSession()
  const texts = useTexts(eventTexts)
  const failure = useFailure()
  const maySee = may({ action: 'subscriptions:read' })
  return [
    {
      key: 'subscription',
      head: texts.subscription,
      cell: ({ subscription: name }) =>
        maySee ? <a href={hrefOf([platform, 'subscriptions', name])}>{name}</a> : name,
    },
    { key: 'status', head: texts.status, cell: ({ status }) => <Status of={status} /> },
    { key: 'attempts', head: texts.attempts, isNumber: true, cell: ({ attempts }) => attempts },
    {
      key: 'at',
      head: texts.deliveredAt,
      cell: ({ deliveredAt }) => (deliveredAt === null ? null : <When at={deliveredAt} absolute />),
    },
    {
      key: 'error',
      head: texts.lastError,
      isLong: true,
      cell: ({ lastError }) => (lastError === null ? null : failure(lastError)),
    },
  ]
}

function Matches({ event: { id, authorizerappid } }: { event: LoggedEvent }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  const replay = useReplay(id)
  const mayReplay = may({ action: 'events:replay', authorizer: authorizerappid ?? undefined })
  return (
    <Card title={texts.who}>
      <p className="muted lead">{texts.whoLead}</p>
      <Loaded query={useMatches(id)}>
        {({ items }) =>
          items.length === 0 ? (
            <p>{texts.nobody}</p>
          ) : (
            <ul className="stack">
              {items.map(({ subscription, matches, reason }) => (
                <li key={subscription} className="line">
                  <Badge tone={matches ? 'good' : 'idle'}>{matches ? texts.matches : texts.matchesNot}</Badge>
                  <strong>{subscription}</strong>
                  {reason === null ? null : <Reason member={reason} />}
                  {matches && mayReplay ? (
                    <Action
                      confirm={texts.replayOneAsk(subscription)}
                      done={texts.replayed}
                      run={() => replay(subscription)}
                    >
                      {texts.replayOne}
                    </Action>
                  ) : null}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}

const DATA = 'match.data.'

/** `member`: the first member of the subscription that does not match. */
function Reason({ member }: { member: string }) {
  const { reasons, reasonData } = useTexts(eventTexts)
  const known: Record<string, string> = reasons
  const text = member.startsWith(DATA) ? reasonData(member.slice(DATA.length)) : known[member]
  return (
    <span>
      {text} <code className="muted">{member}</code>
    </span>
  )
}
