// Owns: a push as recent-acceptances.ts keeps it. Of a message that is the plaintext that WeChat sent: writing its
// event as JSON a second time took a tenth of a push's CPU. Every other push is written as for the spool.
import { parseAuthorizerAppId, parseAuthorizerMessage, textOfUtf8 } from '@wxgw/wechat-core'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { messageEvent } from './message-event.ts'
import type { RingRecord } from './push-ring.ts'
import { MadeSchema, type Push, readPush, ReplyWantedSchema, writePush } from './push.ts'

/** Of a message, with the plaintext as the body. */
const HeadSchema = Type.Object({
  platform: Type.String(),
  appId: Type.String(),
  receivedAtMs: Type.Number(),
  made: MadeSchema,
  reply: Type.Optional(ReplyWantedSchema),
})
const compiled = Compile(HeadSchema)

/** Of a push that the body holds as writePush wrote it. */
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
