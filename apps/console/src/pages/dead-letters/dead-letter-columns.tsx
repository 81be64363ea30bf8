// Owns: the columns of the list of dead letters. None shows the event's content.
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { useFailure } from '../../ui/failure.tsx'
import type { Column } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { EventName } from '../events/event-kind.tsx'
import { codeOf } from '../events/event-rows.tsx'
import type { DeadLetter } from './dead-letter-queries.ts'
import { deadLetterTexts } from './texts.ts'

/** Without `onSelected` there are no checkboxes. */
type Selection = { selected: ReadonlySet<string>; onSelected: ((selected: ReadonlySet<string>) => void) | undefined }

export function useDeadLetterColumns({ selected, onSelected }: Selection): Array<Column<DeadLetter>> {
  const { platform, may } = useSession()
  const texts = useTexts(deadLetterTexts)
  const failure = useFailure()
  const maySee = may({ action: 'events:read' })
  const checkbox: Column<DeadLetter> = {
    key: 'select',
    head: texts.select,
    cell: ({ id }) => (
      <input
        type="checkbox"
        className="row-checkbox"
        aria-label={texts.selectOne(id)}
        checked={selected.has(id)}
        onChange={({ target }) => onSelected?.(target.checked ? new Set([...selected, id]) : without(selected, id))}
      />
    ),
  }
  return [
    ...(onSelected ? [checkbox] : []),
    {
      key: 'event',
      head: texts.event,
      cell: ({ eventId, type }) => (
        <EventName type={type} href={maySee ? hrefOf([platform, 'events', eventId]) : undefined} />
      ),
    },
    { key: 'account', head: texts.account, cell: ({ event }) => codeOf(accountOf(event)) },
    { key: 'error', head: texts.error, isLong: true, cell: ({ lastError }) => failure(lastError) },
    { key: 'attempts', head: texts.attempts, isNumber: true, cell: ({ attempts }) => attempts },
    { key: 'failed', head: texts.failed, cell: ({ failedAt }) => <When at={failedAt} /> },
  ]
}

function without(selected: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...selected].filter((each) => each !== id))
}

function accountOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !('authorizerappid' in event)) return undefined
  return typeof event.authorizerappid === 'string' ? event.authorizerappid : undefined
}
