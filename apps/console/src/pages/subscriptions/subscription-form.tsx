// Owns: the form of a subscription: its groups of fields, validation while typing, and submitting.
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { useTexts } from '../../texts/language.ts'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { Field, TextInput } from '../../ui/form.tsx'
import { Card } from '../../ui/page.tsx'
import { DeliveryFields, ReplyFields, SinkFields } from './delivery-fields.tsx'
import type { Draft } from './draft.ts'
import { type DraftErrors, isValid, useErrors } from './draft-errors.ts'
import { formTexts } from './form-texts.ts'
import { MatchFields } from './match-fields.tsx'

export type Part = {
  draft: Draft
  change(changes: Partial<Draft>): void
  /** Empty fields have none until the form is submitted. */
  errors: DraftErrors
}

type Props = { initial: Draft; isNew: boolean; onSubmit(draft: Draft): Promise<void> }

const FIRST_INVALID = '.field-wrong :is(input, textarea, select)'

export function SubscriptionForm({ initial, isNew, onSubmit }: Props) {
  const texts = useTexts(formTexts)
  const [draft, setDraft] = useState(initial)
  const [isSubmitted, setSubmitted] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const { mutate, isPending, error, reset } = useMutation({ mutationFn: onSubmit })
  const errors = useErrors()(draft)
  const part: Part = {
    draft,
    change: (changes) => {
      reset()
      setDraft({ ...draft, ...changes })
    },
    errors: isSubmitted ? errors : withoutEmpty(errors, draft),
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    setSubmitted(true)
    if (isValid(errors)) mutate(draft)
    // After the next render, which shows the errors.
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(FIRST_INVALID)?.focus())
  }

  return (
    <form ref={form} className="wide-form" noValidate onSubmit={submit}>
      {isNew ? (
        <Card>
          <Field label={texts.name} hint={texts.nameHint} error={part.errors.members.name}>
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
      {error ? <ErrorNotice error={error} /> : null}
      {isSubmitted && !isValid(errors) ? (
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

function withoutEmpty({ members, fields, values }: DraftErrors, draft: Draft): DraftErrors {
  const shown = Object.entries(members).filter(([name]) => !isMissing(draft, name))
  const emptyRows = new Set(draft.data.filter(({ field }) => field === '').map(({ id }) => id))
  const shownFields = [...fields].filter(([id]) => !emptyRows.has(id))
  return { members: Object.fromEntries(shown), fields: new Map(shownFields), values }
}

function isMissing(draft: Draft, member: string): boolean {
  if (member === 'authorizers') return draft.authorizers.lines.trim() === ''
  return Object.entries(draft).some(([name, value]) => name === member && value === '')
}
