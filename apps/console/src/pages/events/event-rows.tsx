// Owns: how events look in a list. Their content is not there.
import type { operations } from '../../api/schema.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { eventTexts } from './texts.ts'

export type LoggedEvent = operations['getEvent']['responses'][200]['content']['application/json']

export function EventRows({ items }: { items: readonly LoggedEvent[] }) {
  const texts = useTexts(eventTexts)
  return <Rows label={texts.event} columns={useEventColumns()} rows={items} keyOf={({ id }) => id} empty={texts.none} />
}

export function useEventColumns(): Array<Column<LoggedEvent>> {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  return [
    { key: 'type', head: texts.event, cell: ({ id, type }) => <a href={hrefOf([platform, 'events', id])}>{type}</a> },
    { key: 'received', head: texts.received, cell: ({ receivedAt }) => <When at={receivedAt} /> },
    { key: 'account', head: texts.account, cell: ({ authorizerappid }) => <code>{authorizerappid ?? '–'}</code> },
    { key: 'user', head: texts.user, cell: ({ subject }) => <code>{subject ?? '–'}</code> },
    {
      key: 'deliveries',
      head: texts.deliveries,
      cell: ({ deliveries }) =>
        deliveries.length === 0 ? (
          <span className="muted">{texts.nobody}</span>
        ) : (
          <ul className="stack">
            {deliveries.map(({ subscription, status }) => (
              <li key={subscription} className="line">
                {subscription} <Status of={status} />
              </li>
            ))}
          </ul>
        ),
    },
  ]
}
