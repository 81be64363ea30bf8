// Owns: the parts of the form about the sink, the delivery and replies.
import { useReach } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { linesOf } from '../../ui/checks.ts'
import { Checkbox, Field, Select, TextInput } from '../../ui/form.tsx'
import { Card } from '../../ui/page.tsx'
import { useDuration } from '../../ui/when.tsx'
import { type Draft, ORDERINGS, partsOf, SINKS } from './draft.ts'
import { formTexts } from './form-texts.ts'
import type { Part } from './subscription-form.tsx'
import { subscriptionTexts } from './texts.ts'

type TextMember = { [Key in keyof Draft]: string extends Draft[Key] ? Key : never }[keyof Draft]
type MemberProps = Part & { of: TextMember; label: string; hint?: string; type?: 'url' | 'password' }

function MemberField({ draft, change, errors, of: member, label, hint, type }: MemberProps) {
  return (
    <Field label={label} hint={hint} error={errors.members[member]}>
      <TextInput
        value={draft[member]}
        onChange={(value) => change({ [member]: value.trim() })}
        {...(type === undefined ? {} : { type })}
        {...(type === 'password' ? { autocomplete: 'off' } : {})}
      />
    </Field>
  )
}

export function SinkFields({ isNew, ...part }: Part & { isNew: boolean }) {
  const texts = useTexts(formTexts)
  const { kinds } = useTexts(subscriptionTexts)
  const { draft, change } = part
  return (
    <div className="stack">
      <Field label={texts.kind} hint={draft.kind === 'queue' ? texts.queueHint : undefined}>
        <Select
          value={draft.kind}
          onChange={(kind) => change({ kind })}
          options={SINKS.map((kind) => [kind, kinds[kind]] as const)}
        />
      </Field>
      {draft.kind === 'webhook' ? (
        <div className="pair">
          <MemberField {...part} of="url" label={texts.url} hint={texts.urlHint} type="url" />
          <MemberField {...part} of="timeoutMs" label={texts.timeoutMs} hint={texts.timeoutHint} />
          {isNew ? (
            <MemberField {...part} of="secret" label={texts.secret} hint={texts.secretHint} type="password" />
          ) : null}
        </div>
      ) : null}
      {draft.kind === 'stream' ? (
        <MemberField {...part} of="maxLength" label={texts.maxLength} hint={texts.maxLengthHint} />
      ) : null}
    </div>
  )
}

export function DeliveryFields(part: Part) {
  const texts = useTexts(formTexts)
  const { orderings } = useTexts(subscriptionTexts)
  const duration = useDuration()
  const { draft, change, errors } = part
  const seconds = partsOf(draft.schedule).map(Number)
  const sum = texts.scheduleSum(seconds.length + 1, duration(seconds.reduce((total, each) => total + each, 0)))
  return (
    <div className="stack">
      <Field
        label={texts.schedule}
        hint={`${texts.scheduleHint}${seconds.length > 0 ? ` · ${sum}` : ''}`}
        error={errors.members.schedule}
      >
        <TextInput value={draft.schedule} onChange={(schedule) => change({ schedule })} />
      </Field>
      <div className="pair">
        <Field label={texts.ordering}>
          <Select
            value={draft.ordering}
            onChange={(ordering) => change({ ordering })}
            options={ORDERINGS.map((ordering) => [ordering, orderings[ordering]] as const)}
          />
        </Field>
        {draft.ordering === 'none' ? null : (
          <MemberField
            {...part}
            of="orderingTimeoutSeconds"
            label={texts.orderingTimeout}
            hint={texts.orderingTimeoutHint}
          />
        )}
        <MemberField {...part} of="perSecond" label={texts.perSecond} hint={texts.perSecondHint} />
        <MemberField {...part} of="maxBacklog" label={texts.maxBacklog} hint={texts.maxBacklogHint} />
        <MemberField {...part} of="disableAfterSeconds" label={texts.disableAfter} hint={texts.disableAfterHint} />
      </div>
    </div>
  )
}

/** Shown to callers who may let a consumer reply, and when this one does already. */
export function ReplyFields({ draft, change }: Part) {
  const texts = useTexts(formTexts)
  const reaches = useReach()
  const { isAll, lines } = draft.authorizers
  const mayReply = reaches('replies:write', isAll ? {} : { authorizers: linesOf(lines) })
  if (!mayReply && !draft.reply && !draft.fallback) return null
  return (
    <Card title={texts.answers}>
      <div className="stack">
        <Checkbox checked={draft.reply} onChange={(reply) => change({ reply })} hint={texts.replyHint}>
          {texts.reply}
        </Checkbox>
        <Checkbox checked={draft.fallback} onChange={(fallback) => change({ fallback })}>
          {texts.fallback}
        </Checkbox>
      </div>
    </Card>
  )
}
