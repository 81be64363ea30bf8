// Owns: the names of WeChat's tickets, codes, tokens and keys in a document or a text.

/** By words. A name that ends so holds a secret, whatever stands before (`component_access_token`). */
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
/** As `plainName` writes them. */
const PLAIN_ENDINGS = ENDINGS.map((words) => words.join(''))
const ENDS_IN_SECRET = new RegExp(`(?:${PLAIN_ENDINGS.join('|')})$`)
/** Names of secrets that WeChat sends only to the component, never in a message or event of a user. */
const OF_THE_COMPONENT: ReadonlySet<string> = new Set([
  'componentverifyticket',
  'authorizationcode',
  'preauthcode',
  'authcode',
  'componentaccesstoken',
  'authorizeraccesstoken',
  'authorizerrefreshtoken',
])

/** The same where a text is read as it stands: words may be joined by `_` or `-`. Ends where the name does. */
const WRITTEN_ENDINGS = ENDINGS.map((words) => words.join('[_-]?'))
export const WRITTEN_NAME = new RegExp(`(?:${WRITTEN_ENDINGS.join('|')})(?![A-Za-z0-9_.-])`, 'gi')

/** Anywhere in what `plainName` makes of a text. `AuthorizationCodeExpiredTime` is no code. */
const MENTIONED = new RegExp(PLAIN_ENDINGS.join('|').replace('authorizationcode', 'authorizationcode(?!expiredtime)'))

/** Lower case, letters and digits only: `Auth-Code`, `AUTH_CODE` and a full-width one are the same. */
function plainName(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
}

export function isMentionedIn(text: string): boolean {
  return MENTIONED.test(plainName(text))
}

export function isSecretName(name: string): boolean {
  return ENDS_IN_SECRET.test(plainName(name))
}

/** A cache: WeChat has some hundreds of names. */
const MAX_NAMES = 1_000
const MAX_CHARACTERS = 64
const judged = new Map<string, boolean>()

export function isComponentSecretName(name: string): boolean {
  const known = judged.get(name)
  if (known !== undefined) return known
  const is = OF_THE_COMPONENT.has(plainName(name))
  if (name.length <= MAX_CHARACTERS && judged.size < MAX_NAMES) judged.set(name, is)
  return is
}
