// Owns: reading `Encrypt` from the outer XML of a push before its signature is checked: strict, bounded, in one pass,
// without a parser. envelope.ts checks the signature.
import { CDATA_END, CDATA_START, indexAfter, isDangerousName } from '../xml/markup.ts'

const MAX_ELEMENTS = 64
/** Tags, comments, instructions and CDATA sections together. Each costs far more time than its characters. */
const MAX_PIECES = 512
const MAX_DEPTH = 8
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
// oxlint-disable-next-line no-control-regex -- C0, C1 and DEL are not allowed in an envelope
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/
const LAYOUT = /^[ \t\r\n]*$/
const LAYOUT_AT_END = /[ \t\r\n]+$/

type EnvelopeDocument =
  | { kind: 'encrypted'; encrypt: string }
  /** Well-formed, but there is no Encrypt in it. */
  | { kind: 'plain' }
  | { kind: 'malformed' }

const MALFORMED: EnvelopeDocument = { kind: 'malformed' }

/** `end` is -1 while the element is open. `dense` is the text without blank pieces beside CDATA. */
type EncryptElement = { start: number; end: number; text: string; dense: string; hasCdata: boolean }
type Reading = { document: string; open: string[]; elements: number; encrypt: EncryptElement | undefined }

/**
 * Reads `<xml>…<Encrypt>…</Encrypt>…</xml>`. Comments, processing instructions, a byte order mark, white space and
 * unknown siblings are passed over. A `<!` of any other kind, an entity, an attribute, a namespace, a second or nested
 * Encrypt, elements in Encrypt, controls, more than 64 elements, 8 levels or 512 pieces of markup are malformed. Pieces
 * of text and CDATA in Encrypt are one value.
 */
export function readEnvelopeDocument(document: string): EnvelopeDocument {
  const reading: Reading = { document, open: [], elements: 0, encrypt: undefined }
  const begin = document.startsWith('\ufeff') ? 1 : 0
  let at = begin
  for (let pieces = 0; ; pieces += 1) {
    if (pieces > MAX_PIECES) return MALFORMED
    const start = document.indexOf('<', at)
    if (!takeText(reading, document.slice(at, start === -1 ? undefined : start))) return MALFORMED
    if (start === -1) break
    const next = takeMarkup(reading, start)
    if (next === -1) return MALFORMED
    at = next
  }
  const { encrypt } = reading
  if (reading.open.length > 0 || reading.elements === 0) return MALFORMED
  if (encrypt === undefined) return CONTROL.test(document) ? MALFORMED : { kind: 'plain' }
  // The value itself is checked as base64: only the text around it can contain controls.
  if (CONTROL.test(document.slice(begin, encrypt.start)) || CONTROL.test(document.slice(encrypt.end))) return MALFORMED
  // White space around CDATA is layout; without CDATA it is part of the value and fails as base64.
  return { kind: 'encrypted', encrypt: encrypt.hasCdata ? encrypt.dense : encrypt.text }
}

function takeText(reading: Reading, text: string): boolean {
  if (text === '') return true
  if (text.includes('&') || text.includes(CDATA_END)) return false
  if (reading.open.length === 0) return LAYOUT.test(text)
  const encrypt = openEncrypt(reading)
  if (encrypt !== undefined) {
    encrypt.text += text
    if (!LAYOUT.test(text)) encrypt.dense += text
  }
  return true
}

/** Where the markup that starts here ends, -1 when it is malformed. */
function takeMarkup(reading: Reading, start: number): number {
  const { document } = reading
  if (document.startsWith(CDATA_START, start)) return takeCdata(reading, start + CDATA_START.length)
  if (document.startsWith('<!--', start)) return indexAfter(document, '-->', start + 4)
  if (document.startsWith('<?', start)) return indexAfter(document, '?>', start + 2)
  const end = document.indexOf('>', start)
  if (end === -1) return -1
  const taken = document[start + 1] === '/' ? takeClosingTag(reading, start, end) : takeOpeningTag(reading, start, end)
  return taken ? end + 1 : -1
}

function takeCdata(reading: Reading, from: number): number {
  const end = reading.document.indexOf(CDATA_END, from)
  if (end === -1 || reading.open.length === 0) return -1
  const encrypt = openEncrypt(reading)
  if (encrypt !== undefined) {
    const text = reading.document.slice(from, end)
    encrypt.hasCdata = true
    encrypt.text += text
    encrypt.dense += text
  }
  return end + CDATA_END.length
}

function takeClosingTag(reading: Reading, start: number, end: number): boolean {
  const encrypt = openEncrypt(reading)
  if (encrypt !== undefined) encrypt.end = start
  return reading.open.pop() === withoutLayoutAtEnd(reading.document.slice(start + 2, end))
}

function takeOpeningTag(reading: Reading, start: number, end: number): boolean {
  const { document, open } = reading
  const isEmpty = document[end - 1] === '/'
  const name = withoutLayoutAtEnd(document.slice(start + 1, isEmpty ? end - 1 : end))
  // Attributes, namespaces, declarations and tags within tags fail here: none of them is a bare name.
  if (!NAME.test(name) || isDangerousName(name) || openEncrypt(reading) !== undefined) return false
  reading.elements += 1
  if (reading.elements > MAX_ELEMENTS || open.length >= MAX_DEPTH) return false
  if (open.length === 0 && (reading.elements > 1 || name !== 'xml')) return false
  if (name === 'Encrypt') {
    if (open.length !== 1 || reading.encrypt !== undefined) return false
    reading.encrypt = { start: end + 1, end: isEmpty ? end + 1 : -1, text: '', dense: '', hasCdata: false }
  }
  if (!isEmpty) open.push(name)
  return true
}

function openEncrypt({ encrypt }: Reading): EncryptElement | undefined {
  return encrypt !== undefined && encrypt.end === -1 ? encrypt : undefined
}

// Trims short names only, so that a huge tag of blanks costs nothing.
function withoutLayoutAtEnd(name: string): string {
  return name.length > 80 ? name : name.replace(LAYOUT_AT_END, '')
}
