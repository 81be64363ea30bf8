// Owns: the part of a webhook's answer that is kept with the attempt.
import { ANSWER_BYTES } from '@wxgw/contracts'
import type { GuardedAnswer } from './guarded-fetch.ts'

type Answered = Extract<GuardedAnswer, { outcome: 'answered' }>

/**
 * Enough to decode ANSWER_BYTES: a byte order mark (3) and the rest of a character that is cut (3) are read besides.
 */
const READ_BYTES = ANSWER_BYTES + 6
const utf8 = new TextDecoder('utf-8')

/** Whole characters only; invalid UTF-8 becomes U+FFFD. undefined: the answer has no body, or is compressed. */
export function answerText({ headers, body }: Answered): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (body.length === 0 || (encoding !== '' && encoding !== 'identity')) return undefined
  const text = utf8.decode(body.subarray(0, READ_BYTES))
  if (Buffer.byteLength(text) <= ANSWER_BYTES) return text
  let bytes = 0
  let length = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > ANSWER_BYTES) break
    length += character.length
  }
  return text.slice(0, length)
}
