// Owns: WeChat's XML as a tree of strings, in one pass. push/ interprets the fields.
import { decodeReferences } from './character-references.ts'
import { CDATA_END, CDATA_START, endAfter, endOfTag, GREATER_THAN, isBlank, openingTag } from './markup.ts'
import { isRepeatable, joinedPicLists } from './repeatable.ts'
import type { XmlTree } from './tree.ts'
import { XmlRefusedError } from './xml-refused.ts'

const MAX_DEPTH = 64
/** A push has a few hundred at most. This many block the process for some 30 ms. */
const MAX_ELEMENTS = 100_000

/** An element that is not closed yet. */
type OpenElement = {
  name: string
  /** undefined while it contains no element. */
  tree: XmlTree | undefined
  text: string
  /** `text` without its blank pieces beside CDATA. */
  dense: string
  hasCdata: boolean
}

type Reading = {
  text: string
  open: OpenElement[]
  elements: number
  root: { name: string; value: string | XmlTree } | undefined
}

/**
 * Parses one document. Every leaf is a string, exactly as WeChat wrote it (line ends become \n, as XML says); an empty
 * element is ''. Drops blank text beside CDATA, text beside elements, and attributes. A repeated element becomes an
 * array; an element that WeChat may repeat is always one (repeatable.ts). Decodes references outside CDATA; never
 * expands or fetches anything. `root` is the name that the root element must have (default: any). The time is linear in
 * the length. Throws XmlRefusedError, nothing else.
 */
export function parseXml(text: string, { root }: { root?: string } = {}): XmlTree {
  const reading: Reading = { text: normalised(text), open: [], elements: 0, root: undefined }
  readDocument(reading)
  if (reading.root === undefined) throw new XmlRefusedError('not-xml')
  const { name, value } = reading.root
  if (root !== undefined && name !== root) throw new XmlRefusedError('wrong-root')
  return typeof value === 'string' ? {} : value
}

function normalised(text: string): string {
  const document = text.startsWith('\ufeff') ? text.slice(1) : text
  return document.includes('\r') ? document.replace(/\r\n?/g, '\n') : document
}

function readDocument(reading: Reading): void {
  const { text, open } = reading
  let at = 0
  // The text of an element before a comment; the text after it is appended.
  let begun = ''
  for (;;) {
    const start = text.indexOf('<', at)
    const element = open.at(-1)
    // Text beside elements is dropped.
    if (start !== at && element?.tree === undefined) {
      const piece = text.slice(at, start === -1 ? undefined : start)
      if (element === undefined && !isBlank(piece)) throw new XmlRefusedError('not-xml')
      begun += piece
    }
    if (start === -1) break
    if (text.startsWith('<!--', start)) {
      at = endAfter(text, '-->', start + 4)
      continue
    }
    if (begun !== '') takeText(element, begun)
    begun = ''
    at = takeMarkup(reading, start, element)
  }
  if (open.length > 0) throw new XmlRefusedError('not-well-formed')
}

function takeText(element: OpenElement | undefined, written: string): void {
  if (element === undefined) return
  const text = decodeReferences(written)
  element.text += text
  if (!isBlank(written)) element.dense += text
}

/** Where the markup that starts here ends. `element` is the one that it stands in. */
function takeMarkup(reading: Reading, start: number, element: OpenElement | undefined): number {
  const { text } = reading
  switch (text.charCodeAt(start + 1)) {
    case QUESTION_MARK:
      return endAfter(text, '?>', start + 2)
    case EXCLAMATION_MARK:
      return takeCdata(text, start, element)
    case SLASH:
      return takeClosingTag(reading, start, element)
    default:
      return takeOpeningTag(reading, start)
  }
}

const QUESTION_MARK = 0x3f
const EXCLAMATION_MARK = 0x21
const SLASH = 0x2f

function takeCdata(text: string, start: number, element: OpenElement | undefined): number {
  if (element === undefined || !text.startsWith(CDATA_START, start)) throw new XmlRefusedError('declaration')
  const end = endAfter(text, CDATA_END, start + CDATA_START.length)
  const content = text.slice(start + CDATA_START.length, end - CDATA_END.length)
  element.hasCdata = true
  element.text += content
  element.dense += content
  return end
}

function takeClosingTag(reading: Reading, start: number, element: OpenElement | undefined): number {
  const { text } = reading
  if (element === undefined) throw new XmlRefusedError('not-well-formed')
  const { name } = element
  let end = start + 2 + name.length
  if (!text.startsWith(name, start + 2) || text.charCodeAt(end) !== GREATER_THAN) {
    end = endOfTag(text, start + 1)
    if (text.slice(start + 2, end).trimEnd() !== name) throw new XmlRefusedError('not-well-formed')
  }
  close(reading, element)
  return end + 1
}

function takeOpeningTag(reading: Reading, start: number): number {
  const { text, open } = reading
  if (open.length === 0 && reading.root !== undefined) throw new XmlRefusedError('several-roots')
  if (open.length >= MAX_DEPTH) throw new XmlRefusedError('too-deep')
  reading.elements += 1
  if (reading.elements > MAX_ELEMENTS) throw new XmlRefusedError('too-many-elements')
  const { name, isEmpty, end } = openingTag(text, start + 1)
  const parent = open.at(-1)
  const leaf = parent && !isEmpty ? simpleLeaf(text, end, name) : undefined
  if (parent && leaf) {
    add(parent, name, leaf.value)
    return leaf.end
  }
  const element = { name, tree: undefined, text: '', dense: '', hasCdata: false }
  open.push(element)
  if (isEmpty) close(reading, element)
  return end
}

/** The content of nearly every element: one CDATA section, or text without references. undefined for anything else. */
function simpleLeaf(text: string, from: number, name: string): { value: string; end: number } | undefined {
  const isCdata = text.startsWith(CDATA_START, from)
  const valueStart = isCdata ? from + CDATA_START.length : from
  const valueEnd = text.indexOf(isCdata ? CDATA_END : '<', valueStart)
  if (valueEnd === -1) return undefined
  const closing = isCdata ? valueEnd + CDATA_END.length : valueEnd
  const last = closing + 2 + name.length
  if (!text.startsWith('</', closing) || !text.startsWith(name, closing + 2) || text.charCodeAt(last) !== GREATER_THAN)
    return undefined
  const value = text.slice(valueStart, valueEnd)
  return isCdata || !value.includes('&') ? { value, end: last + 1 } : undefined
}

/** `element` is the last one that is open. */
function close(reading: Reading, element: OpenElement): void {
  reading.open.pop()
  const value = valueOf(element)
  const parent = reading.open.at(-1)
  if (parent === undefined) reading.root = { name: element.name, value }
  else add(parent, element.name, value)
}

function valueOf({ tree, hasCdata, dense, text }: OpenElement): string | XmlTree {
  if (tree === undefined) return hasCdata ? dense : text
  const lists = Object.hasOwn(tree, 'PicList') ? tree['PicList'] : undefined
  if (lists !== undefined) tree['PicList'] = joinedPicLists(Array.isArray(lists) ? lists : [lists]) ?? lists
  return tree
}

function add(parent: OpenElement, name: string, value: string | XmlTree): void {
  const tree = (parent.tree ??= {})
  const known = Object.hasOwn(tree, name) ? tree[name] : undefined
  if (known === undefined) tree[name] = isRepeatable(parent.name, name) ? [value] : value
  else if (Array.isArray(known)) known.push(value)
  else tree[name] = [known, value]
}
