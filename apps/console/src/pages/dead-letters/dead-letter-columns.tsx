// Owns: how a dead letter looks in the list. The event's content is not there.
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

/** Without `onPicked` none can be picked. */
type Picking = { picked: ReadonlySet<string>; onPicked: ((picked: ReadonlySet<string>) => void) | undefined }

export function useDeadLetterColumns({ picked, onPicked }: Picking): Array<Column<DeadLetter>> {
  const { platform, may } = useSession()
  const texts = useTexts(deadLetterTexts)
  const failure = useFailure()
  const maySee = may({ action: 'events:read' })
  const pick: Column<DeadLetter> = {
    key: 'pick',
    head: texts.pick,
    cell: ({ id }) => (
      <input
        type="checkbox"
        className="pick"
        aria-label={texts.pickOne(id)}
        checked={picked.has(id)}
        onChange={({ target }) => onPicked?.(target.checked ? new Set([...picked, id]) : without(picked, id))}
      />
    ),
  }
  return [
    ...(onPicked ? [pick] : []),
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

function without(picked: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...picked].filter((each) => each !== id))
}

function accountOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !('authorizerappid' in event)) return undefined
  return typeof event.authorizerappid === 'string' ? event.authorizerappid : undefined
}
