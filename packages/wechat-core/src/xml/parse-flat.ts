// Owns: the short way for the documents that nearly every push is: a root and leaves, no attribute, entity, comment or repetition.
// Declines whatever else; what it accepts it reads as parse-xml does, which a test holds it to.
import { isDangerousName } from './check-structure.ts'
import { isRepeatable } from './repeatable.ts'
import type { XmlTree } from './tree.ts'

const CDATA_START = '<![CDATA['
const CDATA_END = ']]>'
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/
const SPACE = 0x20

/** The tree, or undefined when the document is not of the simple kind: that says nothing about its being right. */
export function parseFlat(text: string, root: string): XmlTree | undefined {
  const tree: XmlTree = {}
  if (!text.startsWith(`<${root}>`)) return undefined
  let at = skipSpace(text, root.length + 2)
  while (!text.startsWith('</', at)) {
    const nameEnd = text.indexOf('>', at)
    if (text[at] !== '<' || nameEnd === -1) return undefined
    const name = text.slice(at + 1, nameEnd)
    if (!NAME.test(name) || isDangerousName(name) || Object.hasOwn(tree, name) || isRepeatable(root, name)) return undefined
    let valueStart = nameEnd + 1
    let valueEnd: number
    let closing: number
    if (text.startsWith(CDATA_START, valueStart)) {
      valueStart += CDATA_START.length
      valueEnd = text.indexOf(CDATA_END, valueStart)
      closing = valueEnd + CDATA_END.length
    } else {
      valueEnd = text.indexOf('<', valueStart)
      closing = valueEnd
    }
    if (valueEnd === -1) return undefined
    const value = text.slice(valueStart, valueEnd)
    if (closing === valueEnd && value.includes('&')) return undefined
    const closed = endOfClosing(text, name, closing)
    if (closed === -1) return undefined
    tree[name] = value
    at = skipSpace(text, closed)
  }
  const end = endOfClosing(text, root, at)
  return end !== -1 && skipSpace(text, end) === text.length ? tree : undefined
}

function endOfClosing(text: string, name: string, at: number): number {
  if (!text.startsWith('</', at) || !text.startsWith(name, at + 2)) return -1
  const end = at + 2 + name.length
  return text[end] === '>' ? end + 1 : -1
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== SPACE && (code < 0x9 || code > 0xd)) break
  }
  return at
}
