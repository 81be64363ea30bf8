// Owns: the form of a subscription: its members in groups, what is wrong with each while it is typed, and sending it.
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { useTexts } from '../../texts/language.ts'
import { Field, TextInput } from '../../ui/form.tsx'
import { Card } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { DeliveryFields, ReplyFields, SinkFields } from './delivery-fields.tsx'
import type { Draft } from './draft.ts'
import { type Faults, isRight, useFaults } from './draft-faults.ts'
import { formTexts } from './form-texts.ts'
import { MatchFields } from './match-fields.tsx'

export type Part = {
  draft: Draft
  change(changes: Partial<Draft>): void
  /** Of those that are shown: empty ones are only missing until somebody sends the form. */
  faults: Faults
}

type Props = { first: Draft; isNew: boolean; onSubmit(draft: Draft): Promise<void> }

const FIRST_WRONG = '.field-wrong :is(input, textarea, select)'

export function SubscriptionForm({ first, isNew, onSubmit }: Props) {
  const texts = useTexts(formTexts)
  const [draft, setDraft] = useState(first)
  const [isTried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const { mutate, isPending, error, reset } = useMutation({ mutationFn: onSubmit })
  const faults = useFaults()(draft)
  const part: Part = {
    draft,
    change: (changes) => {
      reset()
      setDraft({ ...draft, ...changes })
    },
    faults: isTried ? faults : withoutEmpty(faults, draft),
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    setTried(true)
    if (isRight(faults)) mutate(draft)
    // It is shown with the next drawing.
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(FIRST_WRONG)?.focus())
  }

  return (
    <form ref={form} className="wide-form" noValidate onSubmit={submit}>
      {isNew ? (
        <Card>
          <Field label={texts.name} hint={texts.nameHint} error={part.faults.members.name}>
            <TextInput value={draft.name} onChange={(name) => part.change({ name })} />
          </Field>
        </Card>
      ) : null}
      <Card title={texts.what}>
        <MatchFields {...part} />
      </Card>
      <Card title={texts.where}>
        <SinkFields {...part} isNew={isNew} />
      </Card>
      <Card title={texts.how}>
        <DeliveryFields {...part} />
      </Card>
      <ReplyFields {...part} />
      {error ? <Problem error={error} /> : null}
      {isTried && !isRight(faults) ? (
        <p className="notice notice-bad" role="alert">
          {texts.fix}
        </p>
      ) : null}
      <Button type="submit" theme="primary" size="large" loading={isPending}>
        {isNew ? texts.create : texts.save}
      </Button>
    </form>
  )
}

function withoutEmpty({ members, fields, values }: Faults, draft: Draft): Faults {
  const shown = Object.entries(members).filter(([name]) => !isMissing(draft, name))
  const emptyRows = new Set(draft.data.filter(({ field }) => field === '').map(({ id }) => id))
  const shownFields = [...fields].filter(([id]) => !emptyRows.has(id))
  return { members: Object.fromEntries(shown), fields: new Map(shownFields), values }
}

function isMissing(draft: Draft, member: string): boolean {
  if (member === 'authorizers') return draft.authorizers.lines.trim() === ''
  return Object.entries(draft).some(([name, value]) => name === member && value === '')
}
