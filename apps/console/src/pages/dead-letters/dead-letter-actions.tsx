// Owns: replaying and discarding the selected dead letters, or all.
import { useState } from 'react'
import { useInvalidateSubscriptions } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { Checkbox } from '../../ui/form.tsx'
import { useDeadLetterCalls } from './dead-letter-queries.ts'
import { deadLetterTexts } from './texts.ts'

type Props = {
  name: string
  /** Number of all; 0 hides the actions for all. */
  count: number
  shown: readonly string[]
  selected: ReadonlySet<string>
  onSelected(selected: ReadonlySet<string>): void
  /** Called after an action for all: a worker may still process most of them. */
  onAll(): void
}

export function DeadLetterActions({ name, count, shown, selected, onSelected, onAll }: Props) {
  const texts = useTexts(deadLetterTexts)
  const calls = useDeadLetterCalls(name)
  const invalidate = useInvalidateSubscriptions()
  const [result, setResult] = useState('')
  const selectedIds = [...selected]

  /** Without ids, all. */
  async function run(action: 'replay' | 'discard', ids?: readonly string[]): Promise<void> {
    setResult('')
    const changed = await calls[action](ids)
    const text = action === 'replay' ? texts.replayed : texts.discarded
    setResult(text(changed.toLocaleString()))
    onSelected(new Set())
    if (!ids) onAll()
    await invalidate()
  }

  return (
    <div className="stack">
      {shown.length === 0 ? null : (
        <Checkbox
          checked={shown.every((id) => selected.has(id))}
          onChange={(isSelected) => onSelected(new Set(isSelected ? shown : []))}
        >
          {texts.selectAll}
        </Checkbox>
      )}
      {selectedIds.length === 0 ? null : (
        <p className="line">
          <Action theme="primary" run={() => run('replay', selectedIds)}>
            {texts.replaySelected}
          </Action>
          <Action
            confirm={texts.discardAsk(selectedIds.length.toLocaleString())}
            run={() => run('discard', selectedIds)}
          >
            {texts.discardSelected}
          </Action>
          <span className="muted">{texts.selected(selectedIds.length)}</span>
        </p>
      )}
      <p className="line">
        {count === 0 ? null : (
          <>
            <Action confirm={texts.replayAllAsk(count.toLocaleString())} run={() => run('replay')}>
              {texts.replayAll}
            </Action>
            <Action theme="danger" confirm={texts.discardAsk(count.toLocaleString())} run={() => run('discard')}>
              {texts.discardAll}
            </Action>
          </>
        )}
        {result === '' ? null : (
          <span className="done" role="status">
            {result}
          </span>
        )}
      </p>
    </div>
  )
}
