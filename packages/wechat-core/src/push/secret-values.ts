// Owns: finding the end of a named value in a text that could not be parsed: in XML, behind references, in JSON, in a
// query. undefined where the end is not certain.

type Span = { start: number; end: number }
/** `over`: the end of the value with its closing tag. */
type SecretValue = Span & { over: number }

const NAME_CHARACTER = /[A-Za-z0-9_:.-]/
const MAX_NAME_CHARACTERS = 64

/**
 * The value of the name that ends at `end`; `start` may be in the middle of the name (`access_token` of
 * `component_access_token`). `inQuery`: the whole text is a query.
 */
export function secretValue(text: string, { start, end }: Span, inQuery: boolean): SecretValue | undefined {
  let first = start
  while (first > 0 && start - first < MAX_NAME_CHARACTERS && NAME_CHARACTER.test(text.charAt(first - 1))) first -= 1
  const name = { start: first, end }
  const found = xmlValue(text, name) ?? referenceValue(text, name) ?? jsonValue(text, name)
  return found ?? (inQuery ? queryValue(text, name) : undefined)
}

/** In a query only `&` ends a name or a value, and no `&` begins a reference. */
export function isQuery(text: string): boolean {
  return /^[^\s<>"'{}[\]\\]*$/.test(text) && !/&(?:[a-zA-Z]{2,8};|#)/.test(text)
}

/** `<name>value</name>`, of one CDATA or none; it may be cut off. */
function xmlValue(text: string, { start, end }: Span): SecretValue | undefined {
  if (text[start - 1] !== '<') return undefined
  const opened = after(text, end, /\s*>/y)
  if (opened === undefined) return undefined
  const valueEnd =
    after(text, opened, /\s*<!\[CDATA\[[^<\]]*(?:\]\]>\s*|$)/y) ?? after(text, opened, /[^<]*/y) ?? opened
  return closedBy({ tag: `</${text.slice(start, end)}`, bracket: '>' }, text, { start: opened, end: valueEnd })
}

/** `&lt;name&gt;value&lt;/name&gt;`. */
function referenceValue(text: string, { start, end }: Span): SecretValue | undefined {
  if (!text.startsWith('&lt;', start - 4)) return undefined
  const opened = after(text, end, /\s*&gt;/y)
  if (opened === undefined) return undefined
  const value = { start: opened, end: after(text, opened, /[^&<]*/y) ?? opened }
  return closedBy({ tag: `&lt;/${text.slice(start, end)}`, bracket: '&gt;' }, text, value)
}

function closedBy(
  { tag, bracket }: { tag: string; bracket: string },
  text: string,
  value: Span,
): SecretValue | undefined {
  if (value.end === text.length) return { ...value, over: value.end }
  if (text.slice(value.end, value.end + tag.length).toLowerCase() !== tag.toLowerCase()) return undefined
  const blank = after(text, value.end + tag.length, /\s*/y) ?? text.length
  return text.startsWith(bracket, blank) ? { ...value, over: blank + bracket.length } : undefined
}

/** `"name": "value"`, also with escaped quotes within another text. */
function jsonValue(text: string, { start, end }: Span): SecretValue | undefined {
  const quote = /(?:\\{0,7})["']$/.exec(text.slice(Math.max(0, start - 8), start))?.[0]
  if (quote === undefined || !text.startsWith(quote, end)) return undefined
  const colon = after(text, end + quote.length, /\s*:\s*/y)
  if (colon === undefined || !text.startsWith(quote, colon)) return undefined
  const opened = colon + quote.length
  const value = { start: opened, end: after(text, opened, /[^"'\\]*/y) ?? text.length }
  return value.end === text.length || text.startsWith(quote, value.end) ? { ...value, over: value.end } : undefined
}

/** `name=value&…`. */
function queryValue(text: string, { start, end }: Span): SecretValue | undefined {
  const isName = start === 0 || text[start - 1] === '&' || text[start - 1] === '?'
  if (!isName || text[end] !== '=') return undefined
  const over = after(text, end + 1, /[^&]*/y) ?? text.length
  return { start: end + 1, end: over, over }
}

/** Where a match that begins at `at` ends. `pattern` is sticky. */
function after(text: string, at: number, pattern: RegExp): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}
