// Owns: the events as they come: the newest of them, held still by a pause and continued without a gap.
import { useEffect, useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import type { StreamedEvent } from '../../api/event-stream.ts'
import { type StreamState, useEventStream } from '../../api/use-event-stream.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Card } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { EventName } from './event-kind.tsx'
import { codeOf, userOf } from './event-rows.tsx'
import { eventTexts } from './texts.ts'

/** More are let go of, the oldest first. */
const MAX_SHOWN = 200
/** However many come, the page is drawn so often. */
const DRAWN_EVERY_MS = 250
const TONES: Record<StreamState, Tone> = {
  live: 'good',
  connecting: 'info',
  waiting: 'warn',
  off: 'idle',
  refused: 'bad',
}

export function LiveTail({ types, authorizers }: { types: string | undefined; authorizers: string | undefined }) {
  const texts = useTexts(eventTexts)
  const [isPaused, setPaused] = useState(false)
  const [gap, setGap] = useState<{ from: string | undefined }>()
  const { shown, add } = useNewest()
  const { state, error } = useEventStream({
    isOn: !isPaused,
    types,
    authorizers,
    onEvent: add,
    onGap: (from) => setGap({ from }),
  })
  return (
    <Card
      title={<Badge tone={TONES[state]}>{texts.stream[state]}</Badge>}
      actions={
        <Button theme="default" onClick={() => setPaused(!isPaused)}>
          {isPaused ? texts.goOn : texts.pause}
        </Button>
      }
      flush
    >
      {error ? <Problem error={error} /> : null}
      {gap ? (
        <p className="notice notice-warn" role="status">
          <span>
            {texts.gap} <When at={gap.from} absolute />
          </span>
        </p>
      ) : null}
      <Rows label={texts.newest} columns={useColumns()} rows={shown} keyOf={({ id }) => id} empty={texts.nothingYet} />
    </Card>
  )
}

/** The newest first, each once: after a gap of the network one may come again. */
function useNewest(): { shown: readonly StreamedEvent[]; add(event: StreamedEvent): void } {
  const [shown, setShown] = useState<readonly StreamedEvent[]>([])
  const arrived = useRef<StreamedEvent[]>([])
  useEffect(() => {
    const timer = setInterval(() => {
      if (arrived.current.length === 0) return
      const fresh = new Map(arrived.current.toReversed().map((event) => [event.id, event]))
      arrived.current = []
      setShown((before) => [...fresh.values(), ...before.filter(({ id }) => !fresh.has(id))].slice(0, MAX_SHOWN))
    }, DRAWN_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return {
    shown,
    add(event) {
      arrived.current.push(event)
      if (arrived.current.length > MAX_SHOWN) arrived.current.shift()
    },
  }
}

function useColumns(): Array<Column<StreamedEvent>> {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  return [
    {
      key: 'type',
      head: texts.event,
      cell: ({ id, type }) => <EventName type={type} href={hrefOf([platform, 'events', id])} />,
    },
    { key: 'time', head: texts.time, cell: ({ time }) => <When at={time} absolute /> },
    { key: 'account', head: texts.account, cell: ({ authorizerappid }) => codeOf(authorizerappid) },
    { key: 'user', head: texts.user, isLong: true, cell: (event) => codeOf(userOf(event)) },
  ]
}
