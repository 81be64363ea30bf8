// Owns: checking the signature of a large body on its bytes, before they become a text: a forged body may have a
// mebibyte. Signed bodies, and forms unlike WeChat's own envelopes, are left to envelope-document.ts.

const OPENING = Buffer.from('<Encrypt>')
const CLOSING = Buffer.from('</Encrypt>')
const CDATA_START = Buffer.from('<![CDATA[')
const CDATA_END = Buffer.from(']]>')
const MARKUP_OF_OTHER_KINDS = /<[!?]/
/** WeChat has an appid or an original id there. */
const MAX_HEAD_BYTES = 512

/** Smaller bodies are cheap to decode. */
export const LARGE_BODY_BYTES = 32_768

/**
 * The bytes of `Encrypt`, of a body that is nothing else than `<xml>`, a few elements, and one Encrypt in CDATA or
 * text. Whatever stands around it: if the body is an envelope at all, this is what it has to be signed for. undefined:
 * it cannot be told so easily.
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
