// Owns: finding `Encrypt` in the bytes of a large body, so that a forged body of a mebibyte is refused before it is
// decoded. Signed bodies, and envelopes unlike WeChat's own, are read by envelope-document.ts.

const OPENING = Buffer.from('<Encrypt>')
const CLOSING = Buffer.from('</Encrypt>')
const CDATA_START = Buffer.from('<![CDATA[')
const CDATA_END = Buffer.from(']]>')
const MARKUP_OF_OTHER_KINDS = /<[!?]/
/** WeChat puts an appid or an original id there. */
const MAX_HEAD_BYTES = 512

/** Smaller bodies are cheap to decode. */
export const LARGE_BODY_BYTES = 32_768

/**
 * The bytes of `Encrypt` in a body that consists of `<xml>`, a few elements, and one Encrypt in CDATA or text. If the
 * body is a valid envelope at all, these are the bytes that its signature covers. undefined: another form, use the full
 * reader.
 */
export function plainEncryptOf(body: Buffer): Buffer | undefined {
  const opening = body.indexOf(OPENING)
  if (opening === -1 || opening > MAX_HEAD_BYTES || MARKUP_OF_OTHER_KINDS.test(body.toString('latin1', 0, opening)))
    return undefined
  const content = opening + OPENING.length
  const isCdata = CDATA_START.equals(body.subarray(content, content + CDATA_START.length))
  const start = isCdata ? content + CDATA_START.length : content
  const end = body.indexOf(isCdata ? CDATA_END : CLOSING, start)
  if (end === -1) return undefined
  const closing = isCdata ? end + CDATA_END.length : end
  const encrypt = body.subarray(start, end)
  const isWhole = CLOSING.equals(body.subarray(closing, closing + CLOSING.length))
  return isWhole && (isCdata || encrypt.indexOf('<') === -1) ? encrypt : undefined
}
