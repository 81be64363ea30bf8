// Owns: parsing `.env`. Node's own parser differs between versions, and silently skips lines that it cannot read.

type Report = {
  /** A line that cannot be read. Its text is not reported: it may be a secret. */
  problem(line: number, problem: string): void
  /** `line` sets a name that an earlier line set to another value. */
  double(line: number, name: string): void
}

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/
const QUOTE = /^\s*(["'`])/

/**
 * `NAME=value`, `export` before it allowed. The last value of a name counts. A value without quotes
 * ends at the end of its line or at a `#` after white space. A value in quotes may have several lines; in double
 * quotes `\n` is a line break and `\"` a quote. Nothing is substituted.
 */
export function parseDotEnv(text: string, report: Report): Map<string, string> {
  const values = new Map<string, string>()
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, rest = ''] = ASSIGNMENT.exec(line) ?? []
    if (name === undefined) {
      report.problem(at + 1, 'is no NAME=value')
      continue
    }
    const quoted = QUOTE.test(rest) ? readQuoted(rest.trimStart(), lines.slice(at + 1)) : undefined
    if (quoted && 'problem' in quoted) {
      report.problem(at + 1, quoted.problem)
      continue
    }
    const value = quoted ? quoted.value : rest.replace(/\s#.*$/, '').trim()
    const before = values.get(name)
    if (before !== undefined && before !== value) report.double(at + 1, name)
    values.set(name, value)
    at += quoted?.furtherLines ?? 0
  }
  return values
}

type Quoted = { value: string; furtherLines: number } | { problem: string }

function readQuoted(first: string, following: readonly string[]): Quoted {
  const quote = first.charAt(0)
  let text = first.slice(1)
  for (let furtherLines = 0; ; furtherLines += 1) {
    const end = endOf(text, quote)
    if (end >= 0) {
      if (!/^\s*(?:#.*)?$/.test(text.slice(end + 1))) return { problem: 'has text after the quote that ends its value' }
      const value = text.slice(0, end)
      return { value: quote === '"' ? value.replace(/\\n/g, '\n').replace(/\\"/g, '"') : value, furtherLines }
    }
    const next = following[furtherLines]
    if (next === undefined) return { problem: 'has a quote that is not closed' }
    text += `\n${next}`
  }
}

function endOf(text: string, quote: string): number {
  return quote === '"' ? text.search(/(?<!\\)"/) : text.indexOf(quote)
}
