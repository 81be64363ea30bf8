// Owns: what is wrong with what somebody types, by the schema of the route that takes it.
import { dictionary, useLanguage, useTexts, HTML_LANG } from '../texts/language.ts'

type TextSchema = { minLength?: number; maxLength?: number; pattern?: string }
type NumberSchema = { minimum?: number; maximum?: number }
type ListSchema = { items: TextSchema; maxItems?: number }

const texts = dictionary(
  {
    required: '不能为空',
    tooLong: (max: string) => `最多 ${max} 个字符`,
    form: '格式不对',
    whole: '要填整数',
    between: (min: string, max: string) => `要在 ${min} 到 ${max} 之间`,
    tooMany: (max: string) => `最多 ${max} 项`,
    line: (line: string, fault: string) => `“${line}”：${fault}`,
  },
  {
    required: 'Must not be empty',
    tooLong: (max: string) => `At most ${max} characters`,
    form: 'Not of this form',
    whole: 'Must be a whole number',
    between: (min: string, max: string) => `Must be from ${min} to ${max}`,
    tooMany: (max: string) => `At most ${max} of them`,
    line: (line: string, fault: string) => `“${line}”: ${fault}`,
  },
)

type FaultOf = (value: string) => string | undefined

/** In the reader's language; undefined: nothing is wrong. */
export type Checks = {
  text(value: string, schema: TextSchema, form?: string): string | undefined
  /** Nothing given is right: the gateway has a default. */
  number(value: string, schema: NumberSchema): string | undefined
  list(values: readonly string[], schema: ListSchema, form?: string): string | undefined
  numbers(values: readonly string[], schema: { items: NumberSchema; maxItems?: number }): string | undefined
}

export function useChecks(): Checks {
  const say = useTexts(texts)
  const language = useLanguage()
  const digits = (value: number) => value.toLocaleString(HTML_LANG[language])

  function text(value: string, schema: TextSchema, form = say.form): string | undefined {
    const { minLength = 0, maxLength = Infinity, pattern } = schema
    if (value === '' && (minLength > 0 || pattern !== undefined)) return say.required
    if (value.length > maxLength) return say.tooLong(digits(maxLength))
    return pattern === undefined || new RegExp(pattern, 'u').test(value) ? undefined : form
  }

  function number(value: string, { minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: NumberSchema): string | undefined {
    if (value === '') return undefined
    if (!/^\d+$/.test(value)) return say.whole
    const isWithin = Number(value) >= minimum && Number(value) <= maximum
    return isWithin ? undefined : say.between(digits(minimum), digits(maximum))
  }

  /** The first fault of its items, with the item. */
  function each(values: readonly string[], most: number, faultOf: FaultOf): string | undefined {
    if (values.length > most) return say.tooMany(digits(most))
    for (const value of values) {
      const fault = faultOf(value)
      if (fault !== undefined) return say.line(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value, fault)
    }
    return undefined
  }

  return {
    text,
    number,
    list: (values, { items, maxItems = Infinity }, form) => each(values, maxItems, (value) => text(value, items, form)),
    numbers: (values, { items, maxItems = Infinity }) => each(values, maxItems, (value) => number(value, items)),
  }
}

/** Of a wrong item. */
const SHOWN = 40

/** One item a line; empty lines are none. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
