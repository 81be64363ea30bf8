// Owns: whether a text may contain a ticket, code or token, in clear or encoded.
import { decodeReferences } from '../xml/character-references.ts'
import { namesSecret } from './secret-names.ts'

/** Nested base64 and hex encodings that are decoded. */
const MAX_LAYERS = 3
/** Rounds of unescaping of one text. */
const MAX_ESCAPES = 8
/** `ticket@@@…`, `queryauthcode@@@…`, `refreshtoken@@@…`: WeChat's own mark. */
const MARK = '@@@'
/** The shortest name has six letters. */
const ENCODED_RUN = /[A-Za-z0-9+/_-]{8,}/g
const HEX_RUN = /^(?:[0-9a-fA-F]{2}){6,}$/
/** `43:6f:6d`, `43 6f 6d`, `0x43, 0x6f`. */
const HEX_BYTES = /(?:(?:0x)?[0-9a-fA-F]{2}[\s:,;.-]{1,2}){5,}(?:0x)?[0-9a-fA-F]{2}/g
const DECIMAL_BYTES = /(?:[0-9]{2,3}[\s:,;.-]{1,2}){5,}[0-9]{2,3}/g
/** The share of printable bytes that makes a decoded run a text. Random bytes have a third. */
const MIN_PRINTABLE_SHARE = 0.6
const PRINTABLE_PART = /[\x20-\x7e]{6,}/g
/** A run of this length at the last layer is another encoding rather than chance. */
const MIN_ENCODED_LENGTH = 16

/**
 * True when the text has the name of a secret or WeChat's mark. Decodes percent-encoding, references, backslashes,
 * quoted-printable, comments, base64 and bytes in figures first. Also true when there are more layers than it decodes.
 * Linear in the length.
 */
export function mayHoldSecret(text: string, layer = 0): boolean {
  let form = text
  for (let escapes = 0; ; escapes += 1) {
    if (form.includes(MARK) || namesSecret(form) || isHiddenByEncoding(form, layer)) return true
    const unescaped = withoutEscapes(form)
    if (unescaped === form) return false
    if (escapes === MAX_ESCAPES) return true
    form = unescaped
  }
}

function isHiddenByEncoding(text: string, layer: number): boolean {
  const { whole, parts } = decodedRuns(text)
  if (layer === MAX_LAYERS) return whole.some((decoded) => decoded.length >= MIN_ENCODED_LENGTH)
  const decoded = [...whole, ...parts].join(' ').trim()
  return decoded !== '' && mayHoldSecret(decoded, layer + 1)
}

function withoutEscapes(text: string): string {
  const fromHex = (_written: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))
  const fromDecimal = (_written: string, decimal: string) => String.fromCharCode(Number.parseInt(decimal, 10))
  const fromOctal = (_written: string, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))
  return decodeReferences(withoutComments(text))
    .replace(/&[a-zA-Z]{2,8};/g, '')
    .replace(/&#x0{0,6}([2-7][0-9a-f])/gi, fromHex)
    .replace(/&#0{0,6}([0-9]{2,3})/g, fromDecimal)
    .replace(/%u([0-9a-fA-F]{4})/g, fromHex)
    .replace(/[%=]([0-9a-fA-F]{2})/g, fromHex)
    .replace(/\\u([0-9a-fA-F]{4})/g, fromHex)
    .replace(/\\[xu]\{0{0,6}([0-9a-fA-F]{1,4})\}/gi, fromHex)
    .replace(/\\U0{4}([0-9a-fA-F]{4})/g, fromHex)
    .replace(/\\x([0-9a-fA-F]{2})/g, fromHex)
    .replace(/\\0?([01][0-7]{2})/g, fromOctal)
    .replace(/\\[rnt]/g, '')
    .replaceAll('\\', '')
}

/** Removes the marks of CDATA too: both may split a name. */
function withoutComments(text: string): string {
  const kept: string[] = []
  let from = 0
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', from)) {
    const end = text.indexOf('-->', start + 4)
    if (end < 0) break
    kept.push(text.slice(from, start))
    from = end + 3
  }
  kept.push(text.slice(from))
  return kept.join('').replaceAll('<![CDATA[', '').replaceAll(']]>', '')
}

type Decoded = { whole: string[]; parts: string[] }

/** `whole`: runs that decode to text throughout. `parts`: the printable parts of the others. */
function decodedRuns(text: string): Decoded {
  const found: Decoded = { whole: [], parts: [] }
  const unwrapped = text.replace(/\s+/g, '')
  for (const form of unwrapped === text ? [text] : [text, unwrapped]) {
    for (const [run] of form.matchAll(ENCODED_RUN)) {
      // Characters directly before the base64 shift it by one to three.
      for (let shift = 0; shift < 4; shift++) addDecoded(found, Buffer.from(run.slice(shift), 'base64'))
      if (HEX_RUN.test(run)) addDecoded(found, Buffer.from(run, 'hex'))
    }
  }
  for (const [run] of text.matchAll(HEX_BYTES))
    addDecoded(found, Buffer.from(run.replace(/0x|[^0-9a-fA-F]/g, ''), 'hex'))
  for (const [run] of text.matchAll(DECIMAL_BYTES)) addDecoded(found, Buffer.from(run.split(/\D+/).map(Number)))
  return found
}

/** UTF-16 has a zero byte beside each letter. */
function addDecoded(found: Decoded, bytes: Buffer): void {
  const letters = bytes.includes(0) ? bytes.filter((byte) => byte !== 0) : bytes
  let count = 0
  for (const byte of letters) if (byte >= 0x20 && byte < 0x7f) count += 1
  const decoded = Buffer.from(letters).toString('latin1')
  if (count >= letters.length * MIN_PRINTABLE_SHARE) found.whole.push(decoded)
  else for (const [part] of decoded.matchAll(PRINTABLE_PART)) found.parts.push(part)
}
