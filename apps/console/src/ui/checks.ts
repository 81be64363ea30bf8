// Owns: validation of form fields against the schema of the route that takes them.
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
    line: (line: string, error: string) => `“${line}”：${error}`,
  },
  {
    required: 'Must not be empty',
    tooLong: (max: string) => `At most ${max} characters`,
    form: 'Invalid format',
    whole: 'Must be a whole number',
    between: (min: string, max: string) => `Must be from ${min} to ${max}`,
    tooMany: (max: string) => `At most ${max} items`,
    line: (line: string, error: string) => `“${line}”: ${error}`,
  },
)

type ErrorOf = (value: string) => string | undefined

/** Each returns an error in the reader's language, or undefined. `form`: the error when the pattern does not match. */
export type Checks = {
  text(value: string, schema: TextSchema, form?: string): string | undefined
  /** '' is valid: the gateway has a default. */
  number(value: string, schema: NumberSchema): string | undefined
  list(values: readonly string[], schema: ListSchema, form?: string): string | undefined
  numbers(values: readonly string[], schema: { items: NumberSchema; maxItems?: number }): string | undefined
}

export function useChecks(): Checks {
  const errors = useTexts(texts)
  const language = useLanguage()
  const digits = (value: number) => value.toLocaleString(HTML_LANG[language])

  function text(value: string, schema: TextSchema, form = errors.form): string | undefined {
    const { minLength = 0, maxLength = Infinity, pattern } = schema
    if (value === '' && (minLength > 0 || pattern !== undefined)) return errors.required
    if (value.length > maxLength) return errors.tooLong(digits(maxLength))
    return pattern === undefined || new RegExp(pattern, 'u').test(value) ? undefined : form
  }

  function number(value: string, { minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: NumberSchema): string | undefined {
    if (value === '') return undefined
    if (!/^\d+$/.test(value)) return errors.whole
    const isWithin = Number(value) >= minimum && Number(value) <= maximum
    return isWithin ? undefined : errors.between(digits(minimum), digits(maximum))
  }

  /** The first error of an item, with the item. */
  function each(values: readonly string[], max: number, errorOf: ErrorOf): string | undefined {
    if (values.length > max) return errors.tooMany(digits(max))
    for (const value of values) {
      const error = errorOf(value)
      if (error !== undefined)
        return errors.line(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value, error)
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

/** Characters of an invalid item that its error quotes. */
const MAX_QUOTED = 40

const APPID = /^wx[0-9A-Za-z]{16}$/

export function isAppid(text: string): boolean {
  return APPID.test(text)
}

/** One item per line, without empty lines. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
