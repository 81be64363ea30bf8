// Owns: WeChat's XML as a tree of strings. What the fields mean is decided in push/.
import { XMLParser } from 'fast-xml-parser'
import { decodeReferences } from './character-references.ts'
import { checkStructure, isBlank } from './check-structure.ts'
import { parseFlat } from './parse-flat.ts'
import { isRepeatable, joinedLists } from './repeatable.ts'
import type { XmlTree } from './tree.ts'
import { XmlRefusedError } from './xml-refused.ts'

const TEXT = '#text'
const CDATA = '#cdata'
const ATTRIBUTES = ':@'

// Ordered nodes, because only they tell CDATA from other text and keep the order of the two.
const parser = new XMLParser({
  preserveOrder: true,
  textNodeName: TEXT,
  cdataPropName: CDATA,
  trimValues: false,
  parseTagValue: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  processEntities: false,
  maxNestedTags: 64,
  onDangerousProperty: (name) => name,
})

/**
 * Parses one document. Every leaf is a string, exactly as WeChat wrote it (line ends become \n, as XML says); an empty element is
 * ''. Beside CDATA, blank text is dropped; text beside elements and attributes are dropped; what comes twice is an array, and so
 * is, always, what WeChat may repeat (repeatable.ts). References outside CDATA are decoded; nothing is ever expanded or fetched.
 * `root` is the name that the root element must have (default: any). Throws XmlRefusedError, nothing else.
 */
export function parseXml(text: string, { root }: { root?: string } = {}): XmlTree {
  const document = normalised(text)
  const flat = root === undefined ? undefined : parseFlat(document, root)
  if (flat !== undefined) return flat
  checkStructure(document)
  const [found] = parseOrdered(document).filter((node) => elementName(node) !== undefined)
  const name = found && elementName(found)
  if (found === undefined || name === undefined) throw new XmlRefusedError('not-xml')
  if (root !== undefined && name !== root) throw new XmlRefusedError('wrong-root')
  const value = toValue(name, childrenOf(found, name))
  return typeof value === 'string' ? {} : value
}

function normalised(text: string): string {
  const document = text.startsWith('\ufeff') ? text.slice(1) : text
  return document.includes('\r') ? document.replace(/\r\n?/g, '\n') : document
}

type OrderedNode = Record<string, unknown>

function parseOrdered(document: string): OrderedNode[] {
  try {
    return nodesOf(parser.parse(document))
  } catch (error) {
    throw new XmlRefusedError('not-well-formed', error)
  }
}

function nodesOf(value: unknown): OrderedNode[] {
  return Array.isArray(value) ? (value as OrderedNode[]) : []
}

function elementName(node: OrderedNode): string | undefined {
  return Object.keys(node).find((key) => key !== TEXT && key !== CDATA && key !== ATTRIBUTES)
}

function childrenOf(node: OrderedNode, name: string): OrderedNode[] {
  return nodesOf(node[name])
}

function toValue(name: string, nodes: readonly OrderedNode[]): string | XmlTree {
  const children = new Map<string, Array<string | XmlTree>>()
  for (const node of nodes) {
    const childName = elementName(node)
    if (childName === undefined) continue
    const value = toValue(childName, childrenOf(node, childName))
    const sameName = children.get(childName)
    if (sameName === undefined) children.set(childName, [value])
    else sameName.push(value)
  }
  return children.size === 0 ? textOf(nodes) : treeOf(name, children)
}

function treeOf(parent: string, children: ReadonlyMap<string, Array<string | XmlTree>>): XmlTree {
  const tree: XmlTree = {}
  for (const [name, values] of children) {
    const [only] = values
    const single = values.length === 1 && !isRepeatable(parent, name) ? only : undefined
    tree[name] = joinedLists(name, values) ?? single ?? values
  }
  return tree
}

function textOf(nodes: readonly OrderedNode[]): string {
  const hasCdata = nodes.some((node) => CDATA in node)
  let text = ''
  for (const node of nodes) {
    if (CDATA in node) {
      for (const part of childrenOf(node, CDATA)) text += writtenText(part)
    } else {
      const written = writtenText(node)
      if (!hasCdata || !isBlank(written)) text += decodeReferences(written)
    }
  }
  return text
}

function writtenText(node: OrderedNode): string {
  const written = node[TEXT]
  return typeof written === 'string' ? written : ''
}
