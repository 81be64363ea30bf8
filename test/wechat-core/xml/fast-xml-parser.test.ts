// fast-xml-parser, the reader that most programs of this field use, beside ours: where both take a document, they read the same.
import { parseXml, XmlRefusedError, type XmlTree } from '@wxgw/wechat-core'
import { MESSAGE_SAMPLES, messageSample, messageXml } from '@wxgw/simulator'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import t from 'tap'
import { seededRandom } from '../../chaos/random.ts'
import { COMPONENT_DOCUMENTS, MESSAGE_DOCUMENTS } from '../../flows/pushed-documents.ts'

const TEXT = '#text'
const CDATA = '#cdata'

const parser = new XMLParser({
  preserveOrder: true,
  cdataPropName: CDATA,
  trimValues: false,
  parseTagValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Numeric references are decoded with HTML's entities only.
  htmlEntities: true,
  processEntities: { maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
})

type Plain = string | { [name: string]: Plain | Plain[] }

/** What fast-xml-parser makes of it, without our rules for what WeChat may repeat; undefined when it is refused. */
function peerReading(text: string): Plain | undefined {
  // The parser alone takes crossed tags and several roots.
  if (XMLValidator.validate(text) !== true) return undefined
  const [root] = entriesOf(peerNodes(text)).filter(([name]) => name !== TEXT)
  return root && plainOf(root[1])
}

/** It refuses with plain errors. */
function peerNodes(text: string): unknown {
  try {
    return parser.parse(text)
  } catch {
    return undefined
  }
}

function ourReading(text: string): XmlTree | undefined {
  try {
    return parseXml(text)
  } catch (error) {
    if (error instanceof XmlRefusedError) return undefined
    throw error
  }
}

function entriesOf(nodes: unknown): Array<[name: string, content: unknown]> {
  return Array.isArray(nodes) ? nodes.flatMap((node: object) => Object.entries(node).slice(0, 1)) : []
}

function plainOf(nodes: unknown): Plain {
  const entries = entriesOf(nodes)
  const elements = entries.filter(([name]) => name !== TEXT && name !== CDATA)
  if (elements.length === 0) return textOf(entries)
  const read: { [name: string]: Plain[] } = {}
  for (const [name, content] of elements) (read[name] ??= []).push(plainOf(content))
  return Object.fromEntries(
    Object.entries(read).map(([name, [first = '', ...more]]) => [name, more.length === 0 ? first : [first, ...more]]),
  )
}

function textOf(entries: ReadonlyArray<[name: string, content: unknown]>): string {
  const hasCdata = entries.some(([name]) => name === CDATA)
  return entries
    .map(([name, content]) => (name === CDATA ? textOf(entriesOf(content)) : String(content)))
    .filter((text, index) => !hasCdata || entries[index]?.[0] === CDATA || !/^[\s\u200b\ufeff]*$/.test(text))
    .join('')
}

/** A list of one is what stands in it: that WeChat may repeat an element is our knowledge, not XML's. */
function withoutForcedLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? withoutForcedLists(value[0]) : value.map(withoutForcedLists)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, withoutForcedLists(child)]))
}

/** Both as JSON, when both take the document. A root that holds no element is {} here. */
function readings(text: string): { ours: string; peers: string } | undefined {
  const [ours, peers] = [ourReading(text), peerReading(text)]
  if (ours === undefined || peers === undefined) return undefined
  const plain = typeof peers === 'string' ? {} : peers
  return { ours: JSON.stringify(withoutForcedLists(ours)), peers: JSON.stringify(plain) }
}

void t.test('every sample is read alike', async (t) => {
  const samples = [
    ...[...COMPONENT_DOCUMENTS, ...MESSAGE_DOCUMENTS].map(({ what, xml }) => ({ what, xml })),
    // Two lists that become one: that is a rule of ours.
    ...MESSAGE_SAMPLES.filter((name) => name !== 'pic_weixin_two_lists').map((name) => {
      const { msgType, fields, xml = '' } = messageSample(name)
      const text = messageXml({ toUserName: 'gh_1', openId: 'o1', createTimeSeconds: 1 }, msgType, fields)
      return { what: name, xml: text.replace('</xml>', `${xml}</xml>`) }
    }),
  ]
  for (const { what, xml } of samples) {
    const read = readings(xml)
    t.ok(read, `${what} is taken by both`)
    t.equal(read?.ours, read?.peers, what)
  }
})

const NAMES = ['A', 'B', 'b', 'item', 'PicUrl', 'List', '_x', 'a.b-c', 'n1', 'a:b', '中']
const TEXTS = [
  'x',
  ' ',
  '\n',
  '\r\n',
  '007',
  '1e5',
  '\u200b',
  '&amp;',
  '&lt;b&gt;',
  '&#65;',
  '&#x4F60;',
  '🙂',
  ']]',
  '>',
  '"',
  "'",
  '=',
  '/',
]
const CONTENTS = ['', 'x', ' ', '<A>', '</A>', '&amp;', ']]', '\r\n', '<!--', '-->', '<?', '🙂']
const BETWEEN = ['', '', '', '\n', '<!-- a <b> -->', '<?p x?>', 'stray', '<![CDATA[y]]>']
const ATTRIBUTES = ['', '', '', ' ', ' c="d"', ' c=\'>\' e="f"', '\n']
const CUTS = ['<', '>', '/', '</A>', '<B>', '<![CDATA[', ']]>', '<!--', '"', '&', '<!DOCTYPE xml>', '<__proto__/>', ' ']

/** Documents by seed. Of every three, one has been damaged in a place. */
function documents(seed: number) {
  const random = seededRandom(seed)
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? ''
  const many = (most: number, make: () => string) =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, make).join('')

  function element(depth: number): string {
    const name = pick(NAMES)
    if (random() < 0.1) return `<${name}${pick(ATTRIBUTES)}/>`
    const content =
      depth > 0 && random() < 0.5 ? many(4, () => pick(BETWEEN) + element(depth - 1)) + pick(BETWEEN) : leaf()
    return `<${name}${pick(ATTRIBUTES)}>${content}</${name}${pick(['', '', ' '])}>`
  }
  const leaf = () =>
    many(
      3,
      () => (random() < 0.5 ? many(3, () => pick(TEXTS)) : `<![CDATA[${pick(CONTENTS)}]]>`) + pick(['', '<!-- x -->']),
    )
  function damaged(text: string): string {
    const at = Math.floor(random() * text.length)
    return text.slice(0, at) + pick(CUTS) + text.slice(at + Math.floor(random() * 3))
  }
  return {
    whole: () => `<xml>${many(6, () => pick(BETWEEN) + element(3))}</xml>`,
    next() {
      const text = this.whole()
      return random() < 1 / 3 ? damaged(text) : text
    },
  }
}

const SEED = 20_261_128
/** An instruction ends with `?>`; fast-xml-parser passes over one that stands in quotes. */
const QUOTE_IN_INSTRUCTION = /<\?[^>]*["']/

void t.test('what is well-formed is taken by both', async (t) => {
  const { whole } = documents(SEED)
  const refused = Array.from({ length: 1_000 }, whole).filter((text) => readings(text) === undefined)
  t.same(refused.slice(0, 3), [])
})

void t.test('whatever both take is read alike', async (t) => {
  const source = documents(SEED + 1)
  const differing: unknown[] = []
  let taken = 0
  for (let round = 0; round < 6_000; round += 1) {
    const text = source.next()
    const read = readings(text)
    if (read === undefined || QUOTE_IN_INSTRUCTION.test(text)) continue
    taken += 1
    if (read.ours !== read.peers) differing.push({ text, ...read })
  }
  t.same(differing.slice(0, 3), [])
  t.ok(taken > 3_500, `${taken} were taken by both`)
})
