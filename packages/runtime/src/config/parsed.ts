// Owns: the result of parsing one text, and the general parsers.

/** `problem` says what is expected. It never contains the value. */
export type Parsed<T> = { value: T } | { problem: string }
export type Parser<T> = (text: string) => Parsed<T>

/** Any text without white space or control characters: names, hosts and secrets have none. */
export const word: Parser<string> = matching(/^[^\s\p{Cc}]+$/u, 'must not contain white space')

export const path: Parser<string> = (text) => ({ value: text })

export function matching(pattern: RegExp, expectation: string): Parser<string> {
  return (text) => (pattern.test(text) ? { value: text } : { problem: expectation })
}

/** A whole number in decimal digits. */
export function integer({ min, max }: { min: number; max: number }): Parser<number> {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? { value } : { problem: `must be a whole number from ${min} to ${max}` }
  }
}

/** As `integer` from `min` on; a value above `ceiling` becomes `ceiling`. */
export function integerUpTo({ min, ceiling }: { min: number; ceiling: number }): Parser<number> {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    return value >= min ? { value: Math.min(value, ceiling) } : { problem: `must be a whole number, ${min} or more` }
  }
}

export function oneOf<const T extends string>(values: readonly T[]): Parser<T> {
  return (text) => {
    const value = values.find((known) => known === text)
    return value === undefined ? { problem: `must be one of ${values.join(', ')}` } : { value }
  }
}

export const flag: Parser<boolean> = (text) =>
  text === 'true' || text === 'false' ? { value: text === 'true' } : { problem: 'must be true or false' }

/** Comma-separated; skips empty entries (a trailing comma). A problem names the entry by its position. */
export function list<T>(parse: Parser<T>): Parser<readonly T[]> {
  return (text) => {
    const values: T[] = []
    for (const [index, entry] of text.split(',').entries()) {
      const trimmed = entry.trim()
      if (trimmed === '') continue
      const parsed = parse(trimmed)
      if ('problem' in parsed) return { problem: `entry ${index + 1} ${parsed.problem}` }
      values.push(parsed.value)
    }
    return { value: values }
  }
}

/** A list with at least one entry. */
export function filled<T>(parse: Parser<readonly T[]>): Parser<readonly T[]> {
  return (text) => {
    const parsed = parse(text)
    return 'value' in parsed && parsed.value.length === 0 ? { problem: 'has no entry' } : parsed
  }
}

/** As `list`, but no two entries may have the same `key`. */
export function distinctList<T>(parse: Parser<T>, key: (value: T) => string, what: string): Parser<readonly T[]> {
  return (text) => {
    const parsed = list(parse)(text)
    if ('problem' in parsed) return parsed
    const keys = parsed.value.map(key)
    const double = keys.findIndex((one, index) => keys.indexOf(one) !== index)
    return double < 0 ? parsed : { problem: `entry ${double + 1} repeats the ${what} of another entry` }
  }
}
