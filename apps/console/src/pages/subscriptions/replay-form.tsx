// Owns: starting a replay of one subscription.
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { bounds } from '../../api/bounds.ts'
import { answered, api } from '../../api/client.ts'
import { useReadAgain } from '../../api/subscription-queries.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { linesOf, useChecks } from '../../ui/checks.ts'
import { Check, Field, MomentInput, TextArea, TextInput } from '../../ui/form.tsx'
import { Problem } from '../../ui/problem.tsx'
import { lastHours, type Range, rangeFault, yesterday } from './replay-range.ts'
import { replayTexts } from './replay-texts.ts'

const { types: TYPES, ratePerSecond: RATE } = bounds.beginReplay.body.properties

export function ReplayForm({ name }: { name: string }) {
  const texts = useTexts(replayTexts)
  const check = useChecks()
  const [range, setRange] = useState<Range>(() => lastHours(24))
  const [types, setTypes] = useState('')
  const [rate, setRate] = useState('')
  const [onlyUndelivered, setOnlyUndelivered] = useState(true)
  const { mutate, isPending, error, data } = useBegin(name)
  const wrong = rangeFault(range)
  const rangeError = wrong && { missing: texts.missing, order: texts.order, long: texts.long }[wrong]
  const typesError = check.list(linesOf(types), TYPES)
  const rateError = check.number(rate, RATE)
  const isRight = [rangeError, typesError, rateError].every((fault) => fault === undefined)

  function submit(event: FormEvent): void {
    event.preventDefault()
    // What is wrong stands at its field already.
    if (!isRight) return
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
          <MomentInput value={range.from} onChange={(from) => setRange({ ...range, from })} />
        </Field>
        <Field label={texts.to} error={rangeError}>
          <MomentInput value={range.to} onChange={(to) => setRange({ ...range, to })} />
        </Field>
        <Field label={texts.types} hint={texts.typesHint} error={typesError}>
          <TextArea rows={2} value={types} onChange={setTypes} />
        </Field>
        <Field label={texts.rate} hint={texts.rateHint} error={rateError}>
          <TextInput value={rate} onChange={(value) => setRate(value.trim())} />
        </Field>
      </div>
      <Check
        checked={onlyUndelivered}
        onChange={setOnlyUndelivered}
        hint={onlyUndelivered ? texts.undeliveredHint : texts.everything}
      >
        {texts.undelivered}
      </Check>
      {error ? <Problem error={error} /> : null}
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

type Asked = Range & { onlyUndelivered: boolean; types?: string[]; ratePerSecond?: number }

function useBegin(name: string) {
  const { platform } = useSession()
  const readAgain = useReadAgain()
  return useMutation({
    mutationFn: async (body: Asked) => {
      const params = { path: { platform, name } }
      const begun = await answered(api.POST('/apis/v1/wx/{platform}/subscriptions/{name}/replays', { params, body }))
      await readAgain()
      return begun
    },
  })
}
