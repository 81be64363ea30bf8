// Owns: making WeChat's errmsg safe for logs and callers. It is foreign text and may echo secrets of the request.

/** Longest errmsg that is kept, in UTF-16 units. */
const MAX_ERRMSG_LENGTH = 200

const MASK = '[masked]'
// The request id for WeChat's support. It has the form of a token but is not secret.
const RID = /\brid:\s*([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})\b/i
const PREFIXED_SECRET = /[a-z]+@@@[^\s"'<>,;)\]}]*/gi
const QUERY_VALUE = /\b([\w-]*(?:token|secret|code|ticket))=[^\s"'<>&]+/gi
const LONG_RUN = /[\w+/-]{20,}={0,2}/g
// Field names (component_access_token) are as long as tokens, but never hold a digit or a capital.
const FIELD_NAME = /^[a-z_]{1,39}=?$/
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu
// A shorter secret would mask parts of ordinary words.
const MIN_KNOWN_SECRET_LENGTH = 6
// Bounds the work of the patterns above, which is quadratic in hostile text.
const MAX_EXAMINED_LENGTH = 2_000

/**
 * Masks `knownSecrets` (what the call was made with) and everything with the form of a token, a ticket or a code, drops
 * control characters, and cuts at 200 characters without losing `rid: …`. Anything but a string becomes ''.
 */
export function presentableErrmsg(errmsg: unknown, knownSecrets: readonly string[]): string {
  if (typeof errmsg !== 'string') return ''
  let text = errmsg
  for (const secret of knownSecrets) {
    if (secret.length < MIN_KNOWN_SECRET_LENGTH) continue
    text = text.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK)
  }
  const rid = RID.exec(text)?.[1]
  const masked = withoutCutWord(text.replace(RID, '').replace(CONTROL, ' '))
    .replace(PREFIXED_SECRET, MASK)
    .replace(QUERY_VALUE, `$1=${MASK}`)
    .replace(LONG_RUN, (run) => (FIELD_NAME.test(run) ? run : MASK))
    .trim()
  return rid === undefined ? cut(masked, MAX_ERRMSG_LENGTH) : withRid(masked, `rid: ${rid}`)
}

/** Drops a word that is cut: half of a secret would not be recognized. */
function withoutCutWord(text: string): string {
  return text.length <= MAX_EXAMINED_LENGTH ? text : text.slice(0, MAX_EXAMINED_LENGTH).replace(/\S*$/, '')
}

function withRid(masked: string, rid: string): string {
  const text = cut(masked, MAX_ERRMSG_LENGTH - rid.length - 1)
  return text === '' ? rid : `${text} ${rid}`
}

function cut(text: string, length: number): string {
  // No half of a surrogate pair at the cut.
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
}
