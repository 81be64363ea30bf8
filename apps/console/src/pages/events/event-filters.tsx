// Owns: the form of the events' filter.
import { type FormEvent, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { changeQuery, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Field, MomentInput, TextInput } from '../../ui/form.tsx'
import { StatusChoice } from '../../ui/status-choice.tsx'
import { draftOf, type FilterDraft, filterOf, STATUSES, wrongsOf } from './event-filter.ts'
import { eventTexts } from './texts.ts'

/** `isLive`: of what the stream of events knows: accounts and types. */
export function EventFilters({ isLive }: { isLive: boolean }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  const all = useTexts(consoleTexts)
  const route = useRoute()
  const [draft, setDraft] = useState(() => draftOf(filterOf(route.query)))
  const wrongs = wrongsOf(draft, texts)
  const field = (name: keyof FilterDraft) => ({
    value: draft[name],
    // Blanks inside a searched text are part of it.
    onChange: (value: string) => setDraft({ ...draft, [name]: name === 'q' ? value : value.trim() }),
  })
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (Object.keys(wrongs).length === 0) changeQuery(route, draft)
  }
  return (
    <form className="filters" role="search" onSubmit={submit} noValidate>
      <Field label={texts.authorizer} error={wrongs.authorizer}>
        <TextInput {...field('authorizer')} />
      </Field>
      <Field label={texts.type} hint={texts.typeHint} error={wrongs.type}>
        <TextInput {...field('type')} />
      </Field>
      {isLive ? null : (
        <>
          <Field label={texts.subject} hint={texts.subjectHint} error={wrongs.subject}>
            <TextInput {...field('subject')} />
          </Field>
          <Field label={texts.subscription} error={wrongs.subscription}>
            <TextInput {...field('subscription')} />
          </Field>
          <Field label={texts.status}>
            <StatusChoice statuses={STATUSES} {...field('status')} />
          </Field>
          <Field
            label={texts.containing}
            hint={may({ action: 'events:content' }) ? texts.textAudited : texts.textBounded}
            error={wrongs.q}
          >
            <TextInput {...field('q')} />
          </Field>
          <Field label={texts.from}>
            <MomentInput {...field('from')} />
          </Field>
          <Field label={texts.to} error={wrongs.to}>
            <MomentInput {...field('to')} />
          </Field>
        </>
      )}
      <Button type="submit">{all.search}</Button>
    </form>
  )
}
