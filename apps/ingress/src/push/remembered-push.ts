// Owns: the record of a push for recent-acceptances.ts. A message is kept as the plaintext that WeChat sent: writing
// its event as JSON a second time took a tenth of a push's CPU. Every other push is kept as the spool writes it.
import { parseAuthorizerAppId, parseAuthorizerMessage, textOfUtf8 } from '@wxgw/wechat-core'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { messageEvent } from './message-event.ts'
import type { RingRecord } from './push-ring.ts'
import { MadeSchema, type Push, readPush, ReplyWantedSchema, writePush } from './push.ts'

/** The head of a message. The body is its plaintext. */
const HeadSchema = Type.Object({
  platform: Type.String(),
  appId: Type.String(),
  receivedAtMs: Type.Number(),
  made: MadeSchema,
  reply: Type.Optional(ReplyWantedSchema),
})
const compiled = Compile(HeadSchema)

/** The head of every other push. The body is what writePush wrote. */
const WRITTEN = ''

/** `plaintext`: what the message was parsed from. */
export function rememberedPush(push: Push, plaintext?: Buffer): RingRecord {
  if (push.kind !== 'message' || plaintext === undefined) return { head: WRITTEN, body: Buffer.from(writePush(push)) }
  const { platform, event, receivedAtMs, made = 'unknown', reply } = push
  return {
    head: JSON.stringify({ platform, appId: event.authorizerappid, receivedAtMs, made, reply }),
    body: plaintext,
  }
}

/** The same push. undefined when it is no such record. */
export function recalledPush({ head, body }: RingRecord): Push | undefined {
  if (head === WRITTEN) return readPush(body.toString())
  const written: unknown = JSON.parse(head)
  if (!compiled.Check(written)) return undefined
  const { platform, receivedAtMs, made, reply } = written
  const appId = parseAuthorizerAppId(written.appId)
  if (appId === undefined) return undefined
  const message = parseAuthorizerMessage(textOfUtf8(body), receivedAtMs)
  const event = messageEvent(message, { platform, appId, receivedAtMs })
  return { v: 1, kind: 'message', platform, event, receivedAtMs, made, ...(reply && { reply }) }
}
