// Owns: the columns of a list of events. None shows the event's content.
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
  const texts = useTexts(eventTexts)
  const received: Column<LoggedEvent> = {
    key: 'received',
    head: texts.received,
    cell: ({ receivedAt }) => <When at={receivedAt} />,
  }
  return [
    ...useSourceColumns<LoggedEvent>(received),
    {
      key: 'deliveries',
      head: texts.deliveries,
      isLong: true,
      cell: ({ deliveries }) =>
        deliveries.length === 0 ? <span className="muted">{texts.nobody}</span> : <ByStatus deliveries={deliveries} />,
    },
  ]
}

type EventSource = { subject?: string | null | undefined; authorizerappid?: string | null | undefined }

/** Name, time, account and user of an event; `time`: the column with its time. */
export function useSourceColumns<T extends EventSource & { id: string; type: string }>(
  time: Column<T>,
): Array<Column<T>> {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  return [
    {
      key: 'type',
      head: texts.event,
      cell: ({ id, type }) => <EventName type={type} href={hrefOf([platform, 'events', id])} />,
    },
    time,
    { key: 'account', head: texts.account, cell: ({ authorizerappid }) => codeOf(authorizerappid ?? undefined) },
    { key: 'user', head: texts.user, isLong: true, cell: (event) => codeOf(userOf(event)) },
  ]
}

/** undefined for an event about the account itself: its subject is the appid. */
export function userOf({ subject, authorizerappid }: EventSource): string | undefined {
  return subject === authorizerappid ? undefined : (subject ?? undefined)
}

export function codeOf(text: string | undefined) {
  return text === undefined ? null : <code>{text}</code>
}

/** Lines by status, those that need attention first. */
const ORDER = ['dead', 'retrying', 'pending', 'paused', 'discarded', 'delivered'] as const

function ByStatus({ deliveries }: Pick<LoggedEvent, 'deliveries'>) {
  const groups = ORDER.map((status) => [status, deliveries.filter((each) => each.status === status)] as const)
  return (
    <ul>
      {groups
        .filter(([, group]) => group.length > 0)
        .map(([status, group]) => (
          <li key={status}>
            <Status of={status} /> {group.map(({ subscription }) => subscription).join(', ')}
          </li>
        ))}
    </ul>
  )
}
