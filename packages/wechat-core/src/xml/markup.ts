// Owns: where a piece of markup ends, and which names an element may have. parse-xml.ts builds the tree.
import { XmlRefusedError } from './xml-refused.ts'

const NAME = /^[\p{L}_:][\p{L}\p{M}\p{N}_:.·-]*$/u
const DANGEROUS_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
// Real documents have byte order marks and zero-width spaces between elements.
const BLANK = /^[\s\u200b\ufeff]*$/

export const CDATA_START = '<![CDATA['
export const CDATA_END = ']]>'

export function isBlank(text: string): boolean {
  return text === '' || BLANK.test(text)
}

export function isDangerousName(name: string): boolean {
  return DANGEROUS_NAMES.has(name)
}

/** -1 when it does not end. */
export function indexAfter(text: string, terminator: string, from: number): number {
  const found = text.indexOf(terminator, from)
  return found === -1 ? -1 : found + terminator.length
}

export function endAfter(text: string, terminator: string, from: number): number {
  const end = indexAfter(text, terminator, from)
  if (end === -1) throw new XmlRefusedError('not-well-formed')
  return end
}

/** The `>` of a tag. A tag contains no `<`, not even in an attribute. */
export function endOfTag(text: string, from: number): number {
  let quote = 0
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === LESS_THAN) break
    if (quote !== 0) {
      if (code === quote) quote = 0
    } else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      quote = code
    } else if (code === GREATER_THAN) {
      return at
    }
  }
  throw new XmlRefusedError('not-well-formed')
}

const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const LESS_THAN = 0x3c
export const GREATER_THAN = 0x3e

/**
 * Bound of the cache of checked names. WeChat has some hundreds. Checking a name costs more than the rest of reading an
 * element.
 */
const MAX_KNOWN_NAMES = 1_000
const MAX_KNOWN_CHARACTERS = 64
const knownNames = new Map<string, OpeningTag['name']>()

type OpeningTag = { name: string; isEmpty: boolean; /** Behind its `>`. */ end: number }

/** The opening or empty tag whose name starts at `from`. */
export function openingTag(text: string, from: number): OpeningTag {
  const first = text.indexOf('>', from)
  const known = knownNames.get(text.slice(from, first))
  if (known !== undefined) return { name: known, isEmpty: false, end: first + 1 }
  // A `>` may also stand in an attribute.
  const end = endOfTag(text, from)
  const tag = text.slice(from, end)
  const name = nameOf(tag)
  if (tag === name && name.length <= MAX_KNOWN_CHARACTERS && knownNames.size < MAX_KNOWN_NAMES) {
    // A copy: V8 keeps the whole text in memory for a slice of it.
    const copy = Buffer.from(name, 'utf8').toString('utf8')
    knownNames.set(copy, copy)
  }
  return { name, isEmpty: tag.endsWith('/'), end: end + 1 }
}

function nameOf(tag: string): string {
  const name = /^[^\s/]*/.exec(tag)?.[0] ?? ''
  if (isDangerousName(name)) throw new XmlRefusedError('dangerous-name')
  const rest = tag.slice(name.length)
  if (!NAME.test(name) || (rest.startsWith('/') && rest !== '/')) throw new XmlRefusedError('not-well-formed')
  return name
}
