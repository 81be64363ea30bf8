// Owns: the form of the filter of events.
import { useState } from 'react'
import { changeQuery, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { FilterForm } from '../../ui/filters.tsx'
import { DateTimeInput, Field, TextInput } from '../../ui/form.tsx'
import { StatusSelect } from '../../ui/status-select.tsx'
import { draftOf, type FilterDraft, filterOf, STATUSES, errorsOf } from './event-filter.ts'
import { eventTexts } from './texts.ts'

/** `isLive`: only the filters that the stream takes: account and type. */
export function EventFilters({ isLive }: { isLive: boolean }) {
  const { may } = useSession()
  const texts = useTexts(eventTexts)
  const route = useRoute()
  const [draft, setDraft] = useState(() => draftOf(filterOf(route.query)))
  const errors = errorsOf(draft, texts)
  const field = (name: keyof FilterDraft) => ({
    value: draft[name],
    // A searched text keeps its blanks.
    onChange: (value: string) => setDraft({ ...draft, [name]: name === 'q' ? value : value.trim() }),
  })
  const search = () => {
    if (Object.keys(errors).length === 0) changeQuery(route, draft)
  }
  return (
    <FilterForm onSearch={search}>
      <Field label={texts.authorizer} error={errors.authorizer}>
        <TextInput {...field('authorizer')} />
      </Field>
      <Field label={texts.type} hint={texts.typeHint} error={errors.type}>
        <TextInput {...field('type')} />
      </Field>
      {isLive ? null : (
        <>
          <Field label={texts.subject} hint={texts.subjectHint} error={errors.subject}>
            <TextInput {...field('subject')} />
          </Field>
          <Field label={texts.subscription} error={errors.subscription}>
            <TextInput {...field('subscription')} />
          </Field>
          <Field label={texts.status}>
            <StatusSelect statuses={STATUSES} {...field('status')} />
          </Field>
          <Field
            label={texts.containing}
            hint={may({ action: 'events:content' }) ? texts.textAudited : texts.textBounded}
            error={errors.q}
          >
            <TextInput {...field('q')} />
          </Field>
          <Field label={texts.from}>
            <DateTimeInput {...field('from')} />
          </Field>
          <Field label={texts.to} error={errors.to}>
            <DateTimeInput {...field('to')} />
          </Field>
        </>
      )}
    </FilterForm>
  )
}
