// Owns: the live view of events: the newest ones. After a pause it resumes without a gap.
import { useEffect, useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import type { StreamedEvent } from '../../api/event-stream.ts'
import { type StreamState, useEventStream } from '../../api/use-event-stream.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Card } from '../../ui/page.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { useSourceColumns } from './event-rows.tsx'
import { eventTexts } from './texts.ts'

/** Beyond it, the oldest are dropped. */
const MAX_SHOWN = 200
/** Bounds how often the page renders under load. */
const RENDER_MS = 250
const TONES: Record<StreamState, Tone> = {
  live: 'good',
  connecting: 'info',
  reconnecting: 'warn',
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
  const columns = useSourceColumns<StreamedEvent>({
    key: 'time',
    head: texts.time,
    cell: ({ time }) => <When at={time} absolute />,
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
      {error ? <ErrorNotice error={error} /> : null}
      {gap ? (
        <p className="notice notice-warn" role="status">
          <span>
            {texts.gap} <When at={gap.from} absolute />
          </span>
        </p>
      ) : null}
      <Rows label={texts.newest} columns={columns} rows={shown} keyOf={({ id }) => id} empty={texts.nothingYet} />
    </Card>
  )
}

/** Newest first, without duplicates: an event may come again after a reconnect. */
function useNewest(): { shown: readonly StreamedEvent[]; add(event: StreamedEvent): void } {
  const [shown, setShown] = useState<readonly StreamedEvent[]>([])
  const pending = useRef<StreamedEvent[]>([])
  useEffect(() => {
    const timer = setInterval(() => {
      if (pending.current.length === 0) return
      const fresh = new Map(pending.current.toReversed().map((event) => [event.id, event]))
      pending.current = []
      setShown((before) => [...fresh.values(), ...before.filter(({ id }) => !fresh.has(id))].slice(0, MAX_SHOWN))
    }, RENDER_MS)
    return () => clearInterval(timer)
  }, [])
  return {
    shown,
    add(event) {
      pending.current.push(event)
      if (pending.current.length > MAX_SHOWN) pending.current.shift()
    },
  }
}
