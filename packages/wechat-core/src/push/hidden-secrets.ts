// Owns: whether a text may hold a ticket, code or token, as it stands or in another encoding. Says nothing about where.
import { decodeReferences } from '../xml/character-references.ts'
import { isMentionedIn } from './secret-names.ts'

/** So many encodings within each other are undone. */
const MOST_LAYERS = 3
/** `ticket@@@…`, `queryauthcode@@@…`, `refreshtoken@@@…`: WeChat's own mark. */
const MARK = '@@@'
const ENCODED_RUN = /[A-Za-z0-9+/_-]{16,}/g
const HEX_RUN = /^(?:[0-9a-fA-F]{2}){8,}$/
/** Of what a run decodes to. Of random bytes a third is. */
const LEAST_PRINTABLE = 0.6

/** By a name or by WeChat's mark. Undoes percent signs, references, backslashes, base64 and hex. Linear in the length. */
export function mayHoldSecret(text: string, layer = 0): boolean {
  if (text.includes(MARK) || isMentionedIn(text)) return true
  if (layer === MOST_LAYERS) return false
  const unescaped = withoutEscapes(text)
  if (unescaped !== text && mayHoldSecret(unescaped, layer + 1)) return true
  const decoded = decodedRuns(text)
  return decoded !== '' && mayHoldSecret(decoded, layer + 1)
}

function withoutEscapes(text: string): string {
  const character = (_written: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))
  return decodeReferences(text)
    .replace(/&[a-zA-Z]{2,8};/g, '')
    .replace(/%u([0-9a-fA-F]{4})/g, character)
    .replace(/%([0-9a-fA-F]{2})/g, character)
    .replace(/\\u([0-9a-fA-F]{4})/g, character)
    .replace(/\\x([0-9a-fA-F]{2})/g, character)
    .replaceAll('\\', '')
}

function decodedRuns(text: string): string {
  const found: string[] = []
  for (const [run] of text.matchAll(ENCODED_RUN)) {
    // What stands before it without a separator shifts base64 by one to three characters.
    for (let shift = 0; shift < 4; shift++) found.push(printable(Buffer.from(run.slice(shift), 'base64')))
    if (HEX_RUN.test(run)) found.push(printable(Buffer.from(run, 'hex')))
  }
  return found.join(' ').trim()
}

function printable(bytes: Buffer): string {
  let count = 0
  for (const byte of bytes) if (byte >= 0x20 && byte < 0x7f) count += 1
  return count >= bytes.length * LEAST_PRINTABLE ? bytes.toString('latin1') : ''
}
