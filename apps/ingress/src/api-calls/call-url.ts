// Owns: what of a request's URL is WeChat's path and query, and which paths are never sent on. Pure; which API a path
// is, others say.

export type CallUrl = {
  /** As it came, from its slash on. */
  path: string
  /** The path after one decoding, without a slash at its end, in lower case: what it is compared with lists by. */
  name: string
  /** The same, and after each further decoding, each also without what some servers cut off. */
  names: readonly string[]
  /** As it came, without its question mark. */
  query: string
}

/** Slashes before the path's own. */
export const SLASHES_BEFORE = { account: 6, component: 5 } as const

/** A server further on may decode again what it is given: what is hidden deeper is looked for, too. */
const MAX_DECODINGS = 4
const ABSOLUTE = /^https?:\/\/[^/]*/i
/** Some servers cut path parameters (`;…`) off a segment before they resolve its dots. */
const UNSAFE = /\\|\0|\/\/|(?:^|\/)\.{1,2}(?:;[^/]*)?(?:\/|$)/
const END_CUT_OFF = new Set(' .\t\r\n\v\f')
const ENCODED_SLASH = /%2f/i
/** Of a path that has nothing else, nothing can be decoded or cut off. */
const PLAIN = /^[\w/-]*$/

/**
 * undefined for what is refused: `.` and `..` as segments, `//` and `\`, each also encoded, an encoded slash or NUL, a
 * fragment, and what cannot be decoded. The whole path is judged, our own part included.
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
  // No slash is encoded, so those of a decoded path are the same.
  const names = decodedSafely(whole)
    ?.flatMap((decoded) => afterSlashes(decoded, slashesBefore) ?? [])
    .map(comparable)
  const [name] = names ?? []
  if (path === undefined || name === undefined || names === undefined) return undefined
  return { path, name, names: [...new Set([...names, ...names.map(bare)])], query }
}

/** Without a query or fragment that was encoded, path parameters, and blanks and dots at the ends of segments. */
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

/** A path that stands in clear, as in the body of a call, in the form of CallUrl's `name`. */
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
    // Only what came has to be well encoded: a `%` that was encoded itself is a character like any other.
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
    // URIError is the only thing it throws, and the caller is told by `undefined`.
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
