// Owns: removing tickets, codes and tokens from the events that consumers get. Their names are in secret-names.ts.
import type { XmlTree, XmlValue } from '../xml/tree.ts'
import { mayHoldSecret } from './hidden-secrets.ts'
import { isComponentSecretName, isSecretName, WRITTEN_NAME } from './secret-names.ts'
import { isQuery, secretValue } from './secret-values.ts'

/** A copy of a component's event without secrets: neither in elements at any depth nor within texts. */
export function withoutSecrets(tree: XmlTree): XmlTree {
  return copyWithout(tree, isSecretName, emptiedLeaf)
}

/**
 * A message without the elements of secrets that only component events have: the same tree, or a copy. Texts are the
 * user's and stay.
 */
export function withoutComponentSecrets(tree: XmlTree): XmlTree {
  return hasName(tree, isComponentSecretName) ? copyWithout(tree, isComponentSecretName, (text) => text) : tree
}

/**
 * An unparsed text without secrets: `<AuthCode>…</AuthCode>` becomes `<AuthCode></AuthCode>`; likewise in JSON, in a
 * query and behind references. undefined when a secret may remain: one with an uncertain end, or one that may be
 * encoded.
 */
export function textWithoutSecrets(text: string): string | undefined {
  const { emptied, others } = emptiedText(text)
  return mayHoldSecret(others) ? undefined : emptied
}

/** The InfoType of a ticket's event and the expiry of a code are no secrets. */
const HARMLESS =
  /InfoType(?:\W|CDATA){1,16}component_verify_ticket(?=<|\]\]>|\\{0,7}["'](?!\s*[:=])|&(?!amp|gt|quot|#)|$)|AuthorizationCodeExpiredTime/gi

/** `emptied`: the text without the values whose end is certain. `others`: the text outside of these values. */
function emptiedText(text: string): { emptied: string; others: string } {
  let emptied = ''
  let others = ''
  let from = 0
  const inQuery = isQuery(text)
  const known = text.replace(HARMLESS, (written) => ' '.repeat(written.length))
  for (const { index, 0: written } of known.matchAll(WRITTEN_NAME)) {
    const value = index < from ? undefined : secretValue(text, { start: index, end: index + written.length }, inQuery)
    if (value === undefined) continue
    emptied += text.slice(from, value.start) + text.slice(value.end, value.over)
    others += `${known.slice(from, index)} `
    from = value.over
  }
  return { emptied: emptied + text.slice(from), others: others + known.slice(from) }
}

/** The shortest text that may be a ticket, code or token. */
const SECRET_LIKE = /[A-Za-z0-9_@+/=%-]{12,}/

/** WeChat may write `invalid auth_code` in a text: only what may be the code is removed. */
function emptiedLeaf(text: string): string {
  const { emptied, others } = emptiedText(text)
  return mayHoldSecret(others) && SECRET_LIKE.test(others.replace(WRITTEN_NAME, '')) ? '' : emptied
}

function copyWithout(tree: XmlTree, isGone: (name: string) => boolean, leaf: (text: string) => string): XmlTree {
  const cleaned = (value: XmlValue): XmlValue => {
    if (typeof value === 'string') return leaf(value)
    if (!Array.isArray(value)) return copyWithout(value, isGone, leaf)
    return value.map((one) => (typeof one === 'string' ? leaf(one) : copyWithout(one, isGone, leaf)))
  }
  const copy: XmlTree = {}
  for (const [name, value] of Object.entries(tree)) if (!isGone(name)) copy[name] = cleaned(value)
  return copy
}

function hasName(tree: XmlTree, isMeant: (name: string) => boolean): boolean {
  for (const name of Object.keys(tree)) {
    if (isMeant(name)) return true
    const value = tree[name]
    if (typeof value === 'object' && [value].flat().some((one) => typeof one === 'object' && hasName(one, isMeant)))
      return true
  }
  return false
}
