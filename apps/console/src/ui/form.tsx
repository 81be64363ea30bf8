// Owns: fields of forms, each with its label and what is wrong with it; choices are the browser's own, which every keyboard and phone knows.
import { type ReactNode, useId } from 'react'
import { Input } from 'tdesign-react/es/input'

type FieldProps = { label: ReactNode; hint?: ReactNode; error?: string | undefined; children: ReactNode }

export function Field({ label, hint, error, children }: FieldProps) {
  return (
    <label className={error ? 'field field-wrong' : 'field'}>
      <span className="field-label">{label}</span>
      {children}
      {error ? (
        <span className="field-error" role="alert">
          {error}
        </span>
      ) : hint ? (
        <span className="field-hint">{hint}</span>
      ) : null}
    </label>
  )
}

type ChoiceProps = {
  value: string
  onChange(value: string): void
  options: ReadonlyArray<readonly [value: string, text: string]>
  label?: string
}

/** Without a Field around it, it needs a label. */
export function Choice({ value, onChange, options, label }: ChoiceProps) {
  return (
    <select className="choice" value={value} aria-label={label} onChange={(event) => onChange(event.target.value)}>
      {options.map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  )
}

type TextProps = {
  value: string
  onChange(value: string): void
  placeholder?: string
  type?: 'text' | 'password' | 'search' | 'url' | 'number'
  isLarge?: boolean
  autocomplete?: string
  autofocus?: boolean
}

/** One line; its label is the Field around it. TDesign's own placeholder would be Chinese. */
export function TextInput({ placeholder = '', isLarge = false, ...props }: TextProps) {
  return <Input {...props} placeholder={placeholder} size={isLarge ? 'large' : 'medium'} spellCheck={false} />
}

type SuggestedProps = Pick<TextProps, 'value' | 'onChange' | 'placeholder'> & Pick<ChoiceProps, 'options'>

/** One line with suggestions, which the browser searches by value and by text; anything else may be typed. */
export function SuggestedInput({ value, onChange, placeholder, options }: SuggestedProps) {
  const list = useId()
  return (
    <>
      <input
        className="text-line"
        list={list}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => onChange(target.value)}
      />
      <datalist id={list}>
        {options.map(([each, text]) => (
          <option key={`${each} ${text}`} value={each} label={text} />
        ))}
      </datalist>
    </>
  )
}

/** Several lines of code or data: nothing in it is corrected. */
export function TextArea({
  value,
  onChange,
  rows = 6,
  label,
}: Pick<TextProps, 'value' | 'onChange'> & { rows?: number; label?: string }) {
  return (
    <textarea
      className="text-area"
      rows={rows}
      value={value}
      aria-label={label}
      spellCheck={false}
      onChange={({ target }) => onChange(target.value)}
    />
  )
}

/** A moment in the reader's zone, as ISO 8601 in UTC; empty: none. */
export function MomentInput({ value, onChange }: Pick<TextProps, 'value' | 'onChange'>) {
  return (
    <input
      className="date"
      type="datetime-local"
      value={value === '' ? '' : localMinute(new Date(value))}
      onChange={({ target }) => onChange(target.value === '' ? '' : new Date(target.value).toISOString())}
    />
  )
}

function localMinute(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

type CheckProps = { checked: boolean; onChange(checked: boolean): void; children: ReactNode; hint?: ReactNode }

export function Check({ checked, onChange, children, hint }: CheckProps) {
  return (
    <div className="field">
      <label className="check">
        <input type="checkbox" checked={checked} onChange={({ target }) => onChange(target.checked)} />
        <span>{children}</span>
      </label>
      {hint ? <span className="field-hint">{hint}</span> : null}
    </div>
  )
}
