// Owns: the names of WeChat's tickets, codes, tokens and keys in a document or a text.

/** As words. A name with such an ending holds a secret (`component_access_token`). */
const ENDINGS: ReadonlyArray<readonly [string, string]> = [
  ['verify', 'ticket'],
  ['authorization', 'code'],
  ['auth', 'code'],
  ['access', 'token'],
  ['refresh', 'token'],
  ['app', 'secret'],
  ['aes', 'key'],
  ['session', 'key'],
]
/** In the normalized form of `plainName`. */
const PLAIN_ENDINGS = ENDINGS.map((words) => words.join(''))
const ENDS_IN_SECRET = new RegExp(`(?:${PLAIN_ENDINGS.join('|')})$`)
/** Names of secrets that WeChat sends only to the component, never in a message or event of a user. */
const COMPONENT_SECRETS: ReadonlySet<string> = new Set([
  'componentverifyticket',
  'authorizationcode',
  'preauthcode',
  'authcode',
  'componentaccesstoken',
  'authorizeraccesstoken',
  'authorizerrefreshtoken',
])

/** The same in raw text: `_` or `-` may join the words. Matches at the end of a name. */
const WRITTEN_ENDINGS = ENDINGS.map((words) => words.join('[_-]?'))
export const WRITTEN_NAME = new RegExp(`(?:${WRITTEN_ENDINGS.join('|')})(?![A-Za-z0-9_.-])`, 'gi')

/** Matches anywhere in a text that `plainName` has normalized. `AuthorizationCodeExpiredTime` is no code. */
const NAMED_SECRET = new RegExp(
  PLAIN_ENDINGS.join('|').replace('authorizationcode', 'authorizationcode(?!expiredtime)'),
)

/** Lower case, letters and digits only: `Auth-Code`, `AUTH_CODE` and a full-width one are the same. */
function plainName(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
}

export function namesSecret(text: string): boolean {
  return NAMED_SECRET.test(plainName(text))
}

export function isSecretName(name: string): boolean {
  return ENDS_IN_SECRET.test(plainName(name))
}

/** Bounds of a cache. WeChat has some hundreds of names. */
const MAX_NAMES = 1_000
const MAX_CHARACTERS = 64
const checkedNames = new Map<string, boolean>()

export function isComponentSecretName(name: string): boolean {
  const known = checkedNames.get(name)
  if (known !== undefined) return known
  const is = COMPONENT_SECRETS.has(plainName(name))
  if (name.length <= MAX_CHARACTERS && checkedNames.size < MAX_NAMES) checkedNames.set(name, is)
  return is
}
