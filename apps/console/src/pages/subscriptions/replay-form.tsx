// Owns: the form that starts a replay.
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { bounds } from '../../api/bounds.ts'
import { api, dataOf } from '../../api/client.ts'
import { useInvalidateSubscriptions } from '../../api/subscription-queries.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { linesOf, useChecks } from '../../ui/checks.ts'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { Checkbox, DateTimeInput, Field, TextArea, TextInput } from '../../ui/form.tsx'
import { lastHours, type Range, rangeErrorOf, yesterday } from './replay-range.ts'
import { replayTexts } from './replay-texts.ts'

const { types: TYPES, ratePerSecond: RATE } = bounds.beginReplay.body.properties

export function ReplayForm({ name }: { name: string }) {
  const texts = useTexts(replayTexts)
  const check = useChecks()
  const [range, setRange] = useState<Range>(() => lastHours(24))
  const [types, setTypes] = useState('')
  const [rate, setRate] = useState('')
  const [onlyUndelivered, setOnlyUndelivered] = useState(true)
  const { mutate, isPending, error: apiError, data } = useStartReplay(name)
  const reason = rangeErrorOf(range)
  const rangeError = reason && { missing: texts.missing, order: texts.order, long: texts.long }[reason]
  const typesError = check.list(linesOf(types), TYPES)
  const rateError = check.number(rate, RATE)
  const isValid = [rangeError, typesError, rateError].every((error) => error === undefined)

  function submit(event: FormEvent): void {
    event.preventDefault()
    // Each field shows its error already.
    if (!isValid) return
    mutate({
      ...range,
      onlyUndelivered,
      ...(types.trim() === '' ? {} : { types: linesOf(types) }),
      ...(rate === '' ? {} : { ratePerSecond: Number(rate) }),
    })
  }

  return (
    <form className="stack" noValidate onSubmit={submit}>
      <h3>{texts.fresh}</h3>
      <p className="line">
        <Button theme="default" onClick={() => setRange(lastHours(1))}>
          {texts.hour}
        </Button>
        <Button theme="default" onClick={() => setRange(lastHours(24))}>
          {texts.day}
        </Button>
        <Button theme="default" onClick={() => setRange(yesterday())}>
          {texts.yesterday}
        </Button>
      </p>
      <div className="pair">
        <Field label={texts.from}>
          <DateTimeInput value={range.from} onChange={(from) => setRange({ ...range, from })} />
        </Field>
        <Field label={texts.to} error={rangeError}>
          <DateTimeInput value={range.to} onChange={(to) => setRange({ ...range, to })} />
        </Field>
        <Field label={texts.types} hint={texts.typesHint} error={typesError}>
          <TextArea rows={2} value={types} onChange={setTypes} />
        </Field>
        <Field label={texts.rate} hint={texts.rateHint} error={rateError}>
          <TextInput value={rate} onChange={(value) => setRate(value.trim())} />
        </Field>
      </div>
      <Checkbox
        checked={onlyUndelivered}
        onChange={setOnlyUndelivered}
        hint={onlyUndelivered ? texts.undeliveredHint : texts.everything}
      >
        {texts.undelivered}
      </Checkbox>
      {apiError ? <ErrorNotice error={apiError} /> : null}
      <p className="line">
        <Button type="submit" theme="primary" loading={isPending}>
          {texts.start}
        </Button>
        {data ? (
          <span className="done" role="status">
            {texts.started(data.matched.toLocaleString())}
          </span>
        ) : null}
      </p>
    </form>
  )
}

type ReplayInput = Range & { onlyUndelivered: boolean; types?: string[]; ratePerSecond?: number }

function useStartReplay(name: string) {
  const { platform } = useSession()
  const invalidate = useInvalidateSubscriptions()
  return useMutation({
    mutationFn: async (body: ReplayInput) => {
      const params = { path: { platform, name } }
      const replay = await dataOf(api.POST('/apis/v1/wx/{platform}/subscriptions/{name}/replays', { params, body }))
      await invalidate()
      return replay
    },
  })
}
