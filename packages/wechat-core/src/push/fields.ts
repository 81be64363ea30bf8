// Owns: reading the few fields that the gateway itself understands out of a parsed document.
import type { XmlTree } from '../xml/tree.ts'

const UNIX_SECOND = /^[1-9][0-9]{0,9}$/

/** The text of an element that stands there exactly once and has no elements in it. */
export function textField(tree: XmlTree, name: string): string | undefined {
  const value = Object.hasOwn(tree, name) ? tree[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** As textField, for names and ids: without blanks around it, undefined when nothing is left. */
export function wordField(tree: XmlTree, name: string): string | undefined {
  return textField(tree, name)?.trim() || undefined
}

/** `CreateTime`: a unix second, 1 to 9999999999. */
export function createTimeField(tree: XmlTree): number | undefined {
  const written = wordField(tree, 'CreateTime')
  return written !== undefined && UNIX_SECOND.test(written) ? Number(written) : undefined
}
