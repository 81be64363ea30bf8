// Owns: WeChat's path and query in a request's URL, and which paths are refused. known-apis.ts finds the API of a path.

export type CallUrl = {
  /** As received, from its slash on. */
  path: string
  /** The path decoded once, in lower case, without a slash at its end: for comparison with lists. */
  name: string
  /** `name`, and the path after each further decoding, each also without the parts that some servers cut off. */
  names: readonly string[]
  /** As received, without its question mark. */
  query: string
}

/** The number of slashes before WeChat's path. */
export const SLASHES_BEFORE = { account: 6, component: 5 } as const

/** A server behind may decode a path again, so nested encodings are checked, too. */
const MAX_DECODINGS = 4
const ABSOLUTE = /^https?:\/\/[^/]*/i
/** Some servers cut path parameters (`;…`) off a segment before they resolve its dots. */
const UNSAFE = /\\|\0|\/\/|(?:^|\/)\.{1,2}(?:;[^/]*)?(?:\/|$)/
const END_CUT_OFF = new Set(' .\t\r\n\v\f')
const ENCODED_SLASH = /%2f/i
/** A path of these characters has nothing to decode or to cut off. */
const PLAIN = /^[\w/-]*$/

/**
 * undefined for a refused URL: `.` or `..` as a segment, `//` or `\`, each also encoded, an encoded slash or NUL, a
 * fragment, or an invalid encoding. Checks the whole path, our own part included.
 */
export function readCallUrl(url: string, slashesBefore: number): CallUrl | undefined {
  const target = url.replace(ABSOLUTE, '')
  if (target.includes('#')) return undefined
  const mark = target.indexOf('?')
  const whole = mark < 0 ? target : target.slice(0, mark)
  const path = afterSlashes(whole, slashesBefore)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  if (path !== undefined && PLAIN.test(whole) && !whole.includes('//')) {
    const name = comparable(path)
    return { path, name, names: [name], query }
  }
  // No slash is encoded, so decoding does not change their number.
  const names = decodedSafely(whole)
    ?.flatMap((decoded) => afterSlashes(decoded, slashesBefore) ?? [])
    .map(comparable)
  const [name] = names ?? []
  if (path === undefined || name === undefined || names === undefined) return undefined
  return { path, name, names: [...new Set([...names, ...names.map(bare)])], query }
}

/** Removes an encoded query or fragment, path parameters, and blanks and dots at the ends of segments. */
function bare(name: string): string {
  const [path = ''] = name.split(/[?#]/, 1)
  return comparable(path.split('/').map(bareSegment).join('/'))
}

function bareSegment(segment: string): string {
  const [text = ''] = segment.split(';', 1)
  let end = text.length
  while (end > 0 && END_CUT_OFF.has(text.charAt(end - 1))) end -= 1
  return text.slice(0, end).trimStart()
}

/** A plain path, as in the body of a call, in the form of CallUrl's `name`. */
export function comparable(path: string): string {
  return (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path).toLowerCase()
}

/** The path after one decoding, and after each further one until nothing changes. */
function decodedSafely(path: string): string[] | undefined {
  if (UNSAFE.test(path)) return undefined
  if (!path.includes('%')) return [path]
  const decoded: string[] = []
  let current = path
  for (let round = 0; round < MAX_DECODINGS; round += 1) {
    if (ENCODED_SLASH.test(current)) return undefined
    const next = decode(current)
    // Only the received path must be well encoded; a `%` that was encoded itself is an ordinary character.
    if (next === undefined) return decoded
    if (UNSAFE.test(next)) return undefined
    if (next === current) return decoded
    decoded.push(next)
    current = next
  }
  return undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // It throws nothing but URIError.
    return undefined
  }
}

function afterSlashes(path: string, count: number): string | undefined {
  let at = -1
  for (let seen = 0; seen <= count; seen += 1) {
    at = path.indexOf('/', at + 1)
    if (at < 0) return undefined
  }
  return path.slice(at)
}
