// Owns: the short way for the documents that nearly every push is: a root and leaves, no attribute, entity, comment or repetition.
// Declines whatever else; what it accepts it reads as parse-xml does, which a test holds it to.
import { isDangerousName } from './check-structure.ts'
import { isRepeatable } from './repeatable.ts'
import type { XmlTree } from './tree.ts'

const CDATA_START = '<![CDATA['
const CDATA_END = ']]>'
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/
const SPACE = 0x20

/** WeChat has some hundreds of names. Each is judged once: that costs more than all else that is done here. */
const MAX_KNOWN_NAMES = 1_000
const MAX_KNOWN_CHARACTERS = 64
const knownNames = new Map<string, Map<string, string>>()

/** The tree, or undefined when the document is not of the simple kind: that says nothing about its being right. */
export function parseFlat(text: string, root: string): XmlTree | undefined {
  const tree: XmlTree = {}
  if (!text.startsWith(`<${root}>`)) return undefined
  let at = skipSpace(text, root.length + 2)
  while (!text.startsWith('</', at)) {
    const nameEnd = text.indexOf('>', at)
    if (text[at] !== '<' || nameEnd === -1) return undefined
    const name = leafName(root, text.slice(at + 1, nameEnd))
    if (name === undefined || Object.hasOwn(tree, name)) return undefined
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

/** The name, if it may stand below `root` and not more than once. */
function leafName(root: string, written: string): string | undefined {
  const names = knownNames.get(root) ?? new Map<string, string>()
  const known = names.get(written)
  if (known !== undefined) return known
  if (!NAME.test(written) || isDangerousName(written) || isRepeatable(root, written)) return undefined
  if (written.length > MAX_KNOWN_CHARACTERS || names.size >= MAX_KNOWN_NAMES) return written
  // A copy: a part of a text keeps all of it in memory.
  const name = Buffer.from(written, 'latin1').toString('latin1')
  knownNames.set(root, names.set(name, name))
  return name
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
