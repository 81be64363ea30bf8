// Owns: refusing what is no well-formed document of elements, before fast-xml-parser sees it: that one accepts unclosed and
// mismatched tags, a DOCTYPE, several roots. Builds nothing.
import { XmlRefusedError } from './xml-refused.ts'

const MAX_DEPTH = 64
const NAME = /^[\p{L}_:][\p{L}\p{M}\p{N}_:.·-]*$/u
const DANGEROUS_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
// Byte order marks and zero-width spaces are seen between elements of real documents.
const BLANK = /^[\s\u200b\ufeff]*$/

export function isBlank(text: string): boolean {
  return BLANK.test(text)
}

export function isDangerousName(name: string): boolean {
  return DANGEROUS_NAMES.has(name)
}

/** Throws XmlRefusedError unless `text` is one element, properly nested. Text between elements is free. Linear in its length. */
export function checkStructure(text: string): void {
  const open: string[] = []
  let roots = 0
  let at = 0
  for (;;) {
    const start = text.indexOf('<', at)
    if (open.length === 0 && !isBlank(text.slice(at, start === -1 ? undefined : start))) throw new XmlRefusedError('not-xml')
    if (start === -1) break
    const opaqueEnd = endOfOpaque(text, start, open.length > 0)
    if (opaqueEnd !== undefined) {
      at = opaqueEnd
      continue
    }
    const end = endOfTag(text, start + 1)
    const tag = text.slice(start + 1, end)
    if (tag.startsWith('/')) {
      if (open.pop() !== tag.slice(1).trimEnd()) throw new XmlRefusedError('not-well-formed')
    } else {
      if (open.length === 0 && ++roots > 1) throw new XmlRefusedError('several-roots')
      if (open.length >= MAX_DEPTH) throw new XmlRefusedError('too-deep')
      const name = nameOf(tag)
      if (!tag.endsWith('/')) open.push(name)
    }
    at = end + 1
  }
  if (open.length > 0) throw new XmlRefusedError('not-well-formed')
  if (roots === 0) throw new XmlRefusedError('not-xml')
}

/** Where a comment, CDATA section or processing instruction that starts here ends; undefined when it is a tag. */
function endOfOpaque(text: string, start: number, insideRoot: boolean): number | undefined {
  if (text.startsWith('<?', start)) return endAfter(text, '?>', start + 2)
  if (!text.startsWith('<!', start)) return undefined
  if (text.startsWith('<!--', start)) return endAfter(text, '-->', start + 4)
  if (insideRoot && text.startsWith('<![CDATA[', start)) return endAfter(text, ']]>', start + 9)
  throw new XmlRefusedError('declaration')
}

function endAfter(text: string, terminator: string, from: number): number {
  const found = text.indexOf(terminator, from)
  if (found === -1) throw new XmlRefusedError('not-well-formed')
  return found + terminator.length
}

/** The `>` of a tag. Inside it no `<` may stand, not even in an attribute: nothing can hide there. */
function endOfTag(text: string, from: number): number {
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
const GREATER_THAN = 0x3e

function nameOf(tag: string): string {
  const name = /^[^\s/]*/.exec(tag)?.[0] ?? ''
  if (isDangerousName(name)) throw new XmlRefusedError('dangerous-name')
  const rest = tag.slice(name.length)
  if (!NAME.test(name) || (rest.startsWith('/') && rest !== '/')) throw new XmlRefusedError('not-well-formed')
  return name
}
