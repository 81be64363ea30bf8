// Owns: reading a passive reply from a webhook's answer, or a fixed text for why there is none. packages/platform
// (reply-to-event.ts) validates the reply.
import type { GuardedAnswer } from './guarded-fetch.ts'

type Answered = Extract<GuardedAnswer, { outcome: 'answered' }>

/** Fixed texts, because they stand in `lastError`: nothing of the answer is quoted. */
type ReplyProblem =
  | 'reply not read: the status is not 200'
  | 'reply not read: the answer is compressed'
  | 'reply not read: the answer is longer than 64 KiB'
  | 'reply not read: the answer is not UTF-8'
  | 'reply not read: the answer is not JSON'
  | 'reply not read: the answer has no member reply'

/** `{}`: the answer is empty. */
type ReplyInAnswer = { reply?: unknown; replyProblem?: ReplyProblem }

/** Strips a byte order mark. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads the reply in an answer with a 2xx. The content type is ignored: consumers send JSON as `text/html`. */
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
