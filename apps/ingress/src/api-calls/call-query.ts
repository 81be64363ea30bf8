// Owns: removing tokens from queries and redirect URLs, and adding the call's own. All other bytes stay unchanged.

/** Some servers end a parameter's name here. */
const END_OF_NAME = /[[\0]/
const TOKEN_NAMES = new Set(['access_token', 'component_access_token'])

type TokenlessQuery = {
  /** The other pairs, unchanged. */
  rest: string
  /** The decoded values of `access_token`. */
  accessTokens: readonly string[]
}

/**
 * Removes every spelling of a token's name that some server accepts: in another case, percent-encoded, with blanks
 * around it, or followed by `[…]` or a NUL.
 */
export function withoutTokens(query: string): TokenlessQuery {
  // One test of the whole query: most have no token.
  if (!/token|%/i.test(query)) return { rest: query, accessTokens: [] }
  const accessTokens: string[] = []
  const rest = query.split('&').filter((pair) => {
    const equals = pair.indexOf('=')
    const name = decodeLoosely(equals < 0 ? pair : pair.slice(0, equals))
    if (name === 'access_token' && equals >= 0) accessTokens.push(decodeLoosely(pair.slice(equals + 1)))
    const [plain = ''] = name.split(END_OF_NAME, 1)
    return !TOKEN_NAMES.has(plain.trim().toLowerCase())
  })
  return { rest: rest.join('&'), accessTokens }
}

/** `name=value`, then the rest. */
export function withToken(rest: string, { name, token }: { name: string; token: string }): string {
  return `${name}=${encodeURIComponent(token)}${rest === '' ? '' : `&${rest}`}`
}

export function hasParameter(query: string, name: string): boolean {
  return query.split('&').some((pair) => decodeLoosely(pair.split('=', 1)[0] ?? '') === name)
}

/** The query without the pairs whose name or value contains one of the secrets. */
export function withoutValues(query: string, secrets: readonly string[]): string {
  const holds = (text: string) => secrets.some((secret) => text.includes(secret))
  if (!query.includes('%') && !holds(query)) return query
  return query
    .split('&')
    .filter((pair) => !holds(pair) && !holds(decodeLoosely(pair)))
    .join('&')
}

/** A URL without parameters that name a token, and without the value of `token` anywhere. */
export function locationWithoutToken(location: string, token: string): string {
  const [address = '', fragment] = location.split(/#(.*)/s)
  const mark = address.indexOf('?')
  const query = mark < 0 ? '' : withoutTokens(address.slice(mark + 1)).rest
  const path = mark < 0 ? address : address.slice(0, mark)
  const text = `${path}${query === '' ? '' : `?${query}`}${fragment === undefined ? '' : `#${withoutTokens(fragment).rest}`}`
  return text.replaceAll(token, '').replaceAll(encodeURIComponent(token), '')
}

/** Decodes each `%XX` alone, so that invalid encoding stays and nothing throws. Names and tokens are ASCII. */
function decodeLoosely(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
