// Owns: finding a passive reply in a webhook's answer, or saying in fixed words why none can be read there. Whether it is one that
// WeChat takes is judged elsewhere.
import type { GuardedAnswer } from './guarded-fetch.ts'

type Answered = Extract<GuardedAnswer, { outcome: 'answered' }>

/** Never with anything of the answer in it: these stand in `lastError`. */
export type ReplyProblem =
  | 'reply not read: the status is not 200'
  | 'reply not read: the answer is compressed'
  | 'reply not read: the answer is longer than 64 KiB'
  | 'reply not read: the answer is not UTF-8'
  | 'reply not read: the answer is not JSON'
  | 'reply not read: the answer has no member reply'

/** `{}`: the answer is empty, and says nothing about a reply. */
export type ReplyInAnswer = { reply?: unknown; replyProblem?: ReplyProblem }

/** Without a byte order mark, which it takes off. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Of a 2xx. Whatever its content type says: consumers answer JSON as `text/html`. */
export function replyInAnswer({ status, headers, body, truncated }: Answered): ReplyInAnswer {
  if (body.length === 0) return {}
  if (status !== 200) return { replyProblem: 'reply not read: the status is not 200' }
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (encoding !== '' && encoding !== 'identity') return { replyProblem: 'reply not read: the answer is compressed' }
  if (truncated) return { replyProblem: 'reply not read: the answer is longer than 64 KiB' }
  const text = decode(body)
  if (text === undefined) return { replyProblem: 'reply not read: the answer is not UTF-8' }
  const parsed = parse(text)
  if (parsed === undefined) return { replyProblem: 'reply not read: the answer is not JSON' }
  const { value } = parsed
  if (typeof value === 'object' && value !== null && 'reply' in value) return { reply: value.reply }
  return { replyProblem: 'reply not read: the answer has no member reply' }
}

function decode(body: Buffer): string | undefined {
  try {
    return utf8.decode(body)
  } catch {
    return undefined
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
