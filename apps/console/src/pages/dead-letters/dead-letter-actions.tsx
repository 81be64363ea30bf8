// Owns: replaying and discarding dead letters, those that are picked or all.
import { useState } from 'react'
import { useReadAgain } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Check } from '../../ui/form.tsx'
import { useDeadLetterCalls } from './dead-letter-queries.ts'
import { deadLetterTexts } from './texts.ts'

type Props = {
  name: string
  /** Of all. */
  count: number
  shown: readonly string[]
  picked: ReadonlySet<string>
  onPicked(picked: ReadonlySet<string>): void
  /** A worker takes many of them after the answer. */
  onAll(): void
}

export function DeadLetterActions({ name, count, shown, picked, onPicked, onAll }: Props) {
  const texts = useTexts(deadLetterTexts)
  const calls = useDeadLetterCalls(name)
  const readAgain = useReadAgain()
  const [outcome, setOutcome] = useState('')
  const ids = [...picked]

  /** `done`: what to say of how many were taken. */
  async function take(what: 'replay' | 'discard', of: readonly string[] | undefined): Promise<void> {
    setOutcome('')
    const taken = await calls[what](of)
    const said = what === 'replay' ? texts.replayed : texts.discarded
    setOutcome(said(taken.toLocaleString()))
    onPicked(new Set())
    if (!of) onAll()
    await readAgain()
  }

  return (
    <div className="stack">
      {shown.length === 0 ? null : (
        <Check
          checked={shown.every((id) => picked.has(id))}
          onChange={(isPicked) => onPicked(new Set(isPicked ? shown : []))}
        >
          {texts.pickAll}
        </Check>
      )}
      {ids.length === 0 ? null : (
        <p className="line">
          <Action theme="primary" run={() => take('replay', ids)}>
            {texts.replayPicked}
          </Action>
          <Action confirm={texts.discardAsk(ids.length.toLocaleString())} run={() => take('discard', ids)}>
            {texts.discardPicked}
          </Action>
          <span className="muted">{texts.picked(ids.length)}</span>
        </p>
      )}
      <p className="line">
        {count === 0 ? null : (
          <>
            <Action confirm={texts.replayAllAsk(count.toLocaleString())} run={() => take('replay', undefined)}>
              {texts.replayAll}
            </Action>
            <Action
              theme="danger"
              confirm={texts.discardAsk(count.toLocaleString())}
              run={() => take('discard', undefined)}
            >
              {texts.discardAll}
            </Action>
          </>
        )}
        {outcome === '' ? null : (
          <span className="done" role="status">
            {outcome}
          </span>
        )}
      </p>
    </div>
  )
}
