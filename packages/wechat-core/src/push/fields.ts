// Owns: reading the few fields of a parsed document that the gateway uses.
import type { XmlTree } from '../xml/tree.ts'

const UNIX_SECOND = /^[1-9][0-9]{0,9}$/

/** The text of an element that occurs exactly once and contains no elements. */
export function textField(tree: XmlTree, name: string): string | undefined {
  const value = Object.hasOwn(tree, name) ? tree[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** As textField, for names and ids: without blanks around it, undefined when nothing is left. */
export function wordField(tree: XmlTree, name: string): string | undefined {
  return textField(tree, name)?.trim() || undefined
}

/** The second by which events are ordered: the CreateTime, or the arrival when that cannot be read. */
export function orderedAtSeconds(
  { createTimeSeconds }: { createTimeSeconds: number | undefined },
  receivedAtMs: number,
): number {
  return createTimeSeconds ?? Math.floor(receivedAtMs / 1000)
}

/** No clock is that far ahead: a later time is invalid. */
const MAX_AHEAD_SECONDS = 86_400

/**
 * `CreateTime`: a unix second from 1 to one day after the arrival. undefined when it is missing or anything else
 * (milliseconds, a fraction, a date).
 */
export function createTimeField(tree: XmlTree, receivedAtMs: number): number | undefined {
  const written = wordField(tree, 'CreateTime')
  if (written === undefined || !UNIX_SECOND.test(written)) return undefined
  const seconds = Number(written)
  return seconds <= receivedAtMs / 1000 + MAX_AHEAD_SECONDS ? seconds : undefined
}
