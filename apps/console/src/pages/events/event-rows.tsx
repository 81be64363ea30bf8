// Owns: how events look in a list. Their content is not there.
import type { operations } from '../../api/schema.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { EventName } from './event-kind.tsx'
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
    {
      key: 'type',
      head: texts.event,
      cell: ({ id, type }) => <EventName type={type} href={hrefOf([platform, 'events', id])} />,
    },
    { key: 'received', head: texts.received, cell: ({ receivedAt }) => <When at={receivedAt} /> },
    {
      key: 'account',
      head: texts.account,
      cell: ({ authorizerappid }) => (authorizerappid ? <code>{authorizerappid}</code> : null),
    },
    { key: 'user', head: texts.user, isLong: true, cell: (event) => codeOf(userOf(event)) },
    {
      key: 'deliveries',
      head: texts.deliveries,
      isLong: true,
      cell: ({ deliveries }) =>
        deliveries.length === 0 ? <span className="muted">{texts.nobody}</span> : <ByStatus deliveries={deliveries} />,
    },
  ]
}

type Sent = { subject?: string | null | undefined; authorizerappid?: string | null | undefined }

/** The subject of what is about an account is the account. */
export function userOf({ subject, authorizerappid }: Sent): string | undefined {
  return subject === authorizerappid ? undefined : (subject ?? undefined)
}

export function codeOf(text: string | undefined) {
  return text === undefined ? null : <code>{text}</code>
}

/** One line for each status, what needs somebody first. */
const ORDER = ['dead', 'retrying', 'pending', 'paused', 'discarded', 'delivered'] as const

function ByStatus({ deliveries }: Pick<LoggedEvent, 'deliveries'>) {
  const given = ORDER.map((status) => [status, deliveries.filter((each) => each.status === status)] as const)
  return (
    <ul>
      {given
        .filter(([, those]) => those.length > 0)
        .map(([status, those]) => (
          <li key={status}>
            <Status of={status} /> {those.map(({ subscription }) => subscription).join(', ')}
          </li>
        ))}
    </ul>
  )
}
