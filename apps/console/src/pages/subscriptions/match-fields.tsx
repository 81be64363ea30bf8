// Owns: the part of the form about the events that a subscription matches.
import { Button } from 'tdesign-react/es/button'
import { useGrantedAuthorizers } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { linesOf } from '../../ui/checks.ts'
import { Field, Select, TextArea, TextInput } from '../../ui/form.tsx'
import { CONDITIONS, type ConditionDraft, type Listed } from './draft.ts'
import { MAX_CONDITIONS } from './draft-errors.ts'
import { formTexts } from './form-texts.ts'
import type { Part } from './subscription-form.tsx'

/** Number of granted accounts named in the hint. */
const MAX_NAMED = 5

export function MatchFields({ draft, change, errors }: Part) {
  const texts = useTexts(formTexts)
  const granted = useGrantedAuthorizers('subscriptions:write')
  const nextId = Math.max(-1, ...draft.data.map(({ id }) => id)) + 1
  const changeRow = (row: ConditionDraft) =>
    change({ data: draft.data.map((each) => (each.id === row.id ? row : each)) })
  return (
    <div className="stack">
      <div className="pair">
        <ListedFields
          label={texts.accounts}
          hint={granted ? `${texts.narrow} ${granted.slice(0, MAX_NAMED).join(', ')}` : texts.accountLines}
          value={draft.authorizers}
          error={errors.members.authorizers}
          isNarrow={granted !== undefined}
          onChange={(authorizers) => change({ authorizers })}
        />
        <ListedFields
          label={texts.types}
          hint={texts.typeLines}
          value={draft.types}
          error={errors.members.types}
          onChange={(types) => change({ types })}
        />
      </div>
      <h3>{texts.data}</h3>
      {draft.data.map((row) => (
        <ConditionFields
          key={row.id}
          row={row}
          fieldError={errors.fields.get(row.id)}
          valuesError={errors.values.get(row.id)}
          onChange={changeRow}
          onRemove={() => change({ data: draft.data.filter(({ id }) => id !== row.id) })}
        />
      ))}
      <span>
        <Button
          theme="default"
          disabled={draft.data.length >= MAX_CONDITIONS}
          onClick={() => change({ data: [...draft.data, { id: nextId, field: '', kind: 'oneOf', values: '' }] })}
        >
          {texts.addCondition}
        </Button>
      </span>
    </div>
  )
}

type ListedProps = {
  label: string
  hint: string
  value: Listed
  error: string | undefined
  onChange(value: Listed): void
  /** The caller's right does not reach all. */
  isNarrow?: boolean
}

function ListedFields({ label, hint, value: { isAll, lines }, error, onChange, isNarrow = false }: ListedProps) {
  const texts = useTexts(formTexts)
  const isNothing = !isAll && linesOf(lines).length === 0
  return (
    <div className="stack">
      {isNarrow ? null : (
        <Field label={label}>
          <Select
            value={isAll ? 'all' : 'only'}
            onChange={(chosen) => onChange({ isAll: chosen === 'all', lines })}
            options={[
              ['all', texts.all],
              ['only', texts.only],
            ]}
          />
        </Field>
      )}
      {isAll ? null : (
        <Field label={isNarrow ? label : hint} hint={isNothing ? texts.nothing : hint} error={error}>
          <TextArea rows={4} value={lines} onChange={(changed) => onChange({ isAll, lines: changed })} />
        </Field>
      )}
    </div>
  )
}

type ConditionProps = {
  row: ConditionDraft
  fieldError: string | undefined
  valuesError: string | undefined
  onChange(row: ConditionDraft): void
  onRemove(): void
}

function ConditionFields({ row, fieldError, valuesError, onChange, onRemove }: ConditionProps) {
  const texts = useTexts(formTexts)
  return (
    <fieldset className="condition">
      <Field label={texts.field} hint={texts.fieldHint} error={fieldError}>
        <TextInput value={row.field} onChange={(field) => onChange({ ...row, field })} />
      </Field>
      <Field label={texts.condition}>
        <Select
          value={row.kind}
          onChange={(kind) => onChange({ ...row, kind })}
          options={CONDITIONS.map((kind) => [kind, texts.conditions[kind]] as const)}
        />
      </Field>
      {row.kind === 'prefix' ? (
        <Field label={texts.prefixValue} error={valuesError}>
          <TextInput value={row.values} onChange={(values) => onChange({ ...row, values })} />
        </Field>
      ) : null}
      {row.kind === 'oneOf' || row.kind === 'not' ? (
        <Field label={texts.values} error={valuesError}>
          <TextArea rows={2} value={row.values} onChange={(values) => onChange({ ...row, values })} />
        </Field>
      ) : null}
      <span>
        <Button theme="default" onClick={onRemove}>
          {texts.removeCondition}
        </Button>
      </span>
    </fieldset>
  )
}
