// Owns: form fields with label, hint and error. Select, checkbox and date are the browser's own.
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

type Options<Value extends string> = ReadonlyArray<readonly [value: Value, text: string]>
type SelectProps<Value extends string> = {
  value: Value
  onChange(value: Value): void
  options: Options<Value>
  /** Required without a Field around it. */
  label?: string
}

export function Select<Value extends string>({ value, onChange, options, label }: SelectProps<Value>) {
  const choose = (text: string) => {
    const chosen = options.find(([each]) => each === text)
    if (chosen) onChange(chosen[0])
  }
  return (
    <select className="select" value={value} aria-label={label} onChange={({ target }) => choose(target.value)}>
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

/** One line, labelled by the Field around it. The placeholder '' replaces TDesign's, which is Chinese. */
export function TextInput({ placeholder = '', isLarge = false, ...props }: TextProps) {
  return <Input {...props} placeholder={placeholder} size={isLarge ? 'large' : 'medium'} spellCheck={false} />
}

type SuggestedProps = Pick<TextProps, 'value' | 'onChange' | 'placeholder'> & { options: Options<string> }

/** One line with suggestions, which the browser searches by value and text. It takes any other text, too. */
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

/** Several lines of code or data, without spell check. */
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

/** Shows the reader's time zone; the value is ISO 8601 in UTC, or ''. */
export function DateTimeInput({ value, onChange }: Pick<TextProps, 'value' | 'onChange'>) {
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

type CheckboxProps = { checked: boolean; onChange(checked: boolean): void; children: ReactNode; hint?: ReactNode }

export function Checkbox({ checked, onChange, children, hint }: CheckboxProps) {
  return (
    <div className="field">
      <label className="checkbox">
        <input type="checkbox" checked={checked} onChange={({ target }) => onChange(target.checked)} />
        <span>{children}</span>
      </label>
      {hint ? <span className="field-hint">{hint}</span> : null}
    </div>
  )
}
