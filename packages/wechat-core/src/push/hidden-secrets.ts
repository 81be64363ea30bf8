// Owns: whether a text may contain a ticket, code or token, in clear or encoded. It does not say where.
import { decodeReferences } from '../xml/character-references.ts'
import { isMentionedIn } from './secret-names.ts'

/** Nested base64 and hex encodings that are undone. */
const MAX_LAYERS = 3
/** How often the escapes of one text are undone. */
const MAX_ESCAPES = 8
/** `ticket@@@…`, `queryauthcode@@@…`, `refreshtoken@@@…`: WeChat's own mark. */
const MARK = '@@@'
/** The shortest name has six letters. */
const ENCODED_RUN = /[A-Za-z0-9+/_-]{8,}/g
const HEX_RUN = /^(?:[0-9a-fA-F]{2}){6,}$/
/** `43:6f:6d`, `43 6f 6d`, `0x43, 0x6f`. */
const HEX_BYTES = /(?:(?:0x)?[0-9a-fA-F]{2}[\s:,;.-]{1,2}){5,}(?:0x)?[0-9a-fA-F]{2}/g
const DECIMAL_BYTES = /(?:[0-9]{2,3}[\s:,;.-]{1,2}){5,}[0-9]{2,3}/g
/** Of what a run decodes to. Of random bytes a third is. */
const LEAST_PRINTABLE = 0.6
const PRINTABLE_PART = /[\x20-\x7e]{6,}/g
/** So long a text at the last layer is an encoding again, and no chance. */
const LEAST_ENCODED = 16

/**
 * By a name or by WeChat's mark. Undoes percent signs, references, backslashes, quoted-printable, comments, base64 and
 * bytes in figures. Also when there are more layers than are undone. Linear in the length.
 */
export function mayHoldSecret(text: string, layer = 0): boolean {
  let form = text
  for (let escapes = 0; ; escapes += 1) {
    if (form.includes(MARK) || isMentionedIn(form) || isHiddenByEncoding(form, layer)) return true
    const unescaped = withoutEscapes(form)
    if (unescaped === form) return false
    if (escapes === MAX_ESCAPES) return true
    form = unescaped
  }
}

function isHiddenByEncoding(text: string, layer: number): boolean {
  const { whole, parts } = decodedRuns(text)
  if (layer === MAX_LAYERS) return whole.some((decoded) => decoded.length >= LEAST_ENCODED)
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

/** Also without the marks of CDATA: both may stand within a name. */
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

/** `whole`: what is text from end to end. `parts`: of the others, what could be one. */
function decodedRuns(text: string): Decoded {
  const found: Decoded = { whole: [], parts: [] }
  const unwrapped = text.replace(/\s+/g, '')
  for (const form of unwrapped === text ? [text] : [text, unwrapped]) {
    for (const [run] of form.matchAll(ENCODED_RUN)) {
      // What stands before it without a separator shifts base64 by one to three characters.
      for (let shift = 0; shift < 4; shift++) keep(found, Buffer.from(run.slice(shift), 'base64'))
      if (HEX_RUN.test(run)) keep(found, Buffer.from(run, 'hex'))
    }
  }
  for (const [run] of text.matchAll(HEX_BYTES)) keep(found, Buffer.from(run.replace(/0x|[^0-9a-fA-F]/g, ''), 'hex'))
  for (const [run] of text.matchAll(DECIMAL_BYTES)) keep(found, Buffer.from(run.split(/\D+/).map(Number)))
  return found
}

/** UTF-16 has a zero byte beside each letter. */
function keep(found: Decoded, bytes: Buffer): void {
  const letters = bytes.includes(0) ? bytes.filter((byte) => byte !== 0) : bytes
  let count = 0
  for (const byte of letters) if (byte >= 0x20 && byte < 0x7f) count += 1
  const decoded = Buffer.from(letters).toString('latin1')
  if (count >= letters.length * LEAST_PRINTABLE) found.whole.push(decoded)
  else for (const [part] of decoded.matchAll(PRINTABLE_PART)) found.parts.push(part)
}
