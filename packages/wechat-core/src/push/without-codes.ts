// Owns: taking tickets and codes out of what goes to consumers.
import type { XmlTree, XmlValue } from '../xml/tree.ts'

const CODES = ['ComponentVerifyTicket', 'AuthorizationCode', 'PreAuthCode', 'auth_code']
const CODE_NAMES: ReadonlySet<string> = new Set(CODES)
// From the opening tag to the next closing tag of the same name, or to the end when there is none.
const WRITTEN_CODE = new RegExp(`(<(${CODES.join('|')})(?:\\s[^<>]*)?>)[^]*?(</\\2\\s*>|$)`, 'gi')

/** A copy without ComponentVerifyTicket, AuthorizationCode, PreAuthCode and auth_code, at any depth. */
export function withoutCodes(tree: XmlTree): XmlTree {
  const copy: XmlTree = {}
  for (const [name, value] of Object.entries(tree)) {
    if (!CODE_NAMES.has(name)) copy[name] = cleaned(value)
  }
  return copy
}

function cleaned(value: XmlValue): XmlValue {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? one : withoutCodes(one))) : withoutCodes(value)
}

/** The same for text that could not be parsed: the elements stay, what they hold goes. */
export function rawWithoutCodes(raw: string): string {
  return raw.replace(WRITTEN_CODE, '$1$3')
}
