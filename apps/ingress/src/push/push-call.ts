// Owns: the one inbox call that a push ends in, written as text, so that the spool can repeat it later with the same ids.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Inbox } from '@wxgw/platform'
import { parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const common = {
  v: Type.Literal(1),
  platform: Type.String(),
  receivedAtMs: Type.Number(),
  /** Missing in what an older version has left; how old a push is, is judged when it is handed over. */
  made: Type.Optional(Type.Union([Type.Number(), Type.Literal('unknown'), Type.Literal('ordered')])),
}

const PushCallSchema = Type.Union([
  Type.Object({ ...common, kind: Type.Literal('component-event'), eventId: Type.String(), plaintext: Type.String() }),
  Type.Object({
    ...common,
    kind: Type.Literal('message'),
    // Written by the gateway's own code from a push that it has verified.
    event: Type.Unsafe<GatewayEvent>(Type.Object({ id: Type.String() })),
    reply: Type.Optional(Type.Object({ subscription: Type.String(), deadlineAtMs: Type.Number() })),
  }),
  Type.Object({
    ...common,
    kind: Type.Literal('release-check'),
    eventId: Type.String(),
    appId: Type.String(),
    openId: Type.String(),
    code: Type.String(),
  }),
])

export type PushCall = Static<typeof PushCallSchema>

/** The calls of the inbox that a push may end in. */
export type PushInbox = Pick<Inbox, 'componentEvent' | 'message' | 'releaseCheck'>

/** Of a release check `queued`: the inbox says no more of it. */
export type PushOutcome = Awaited<ReturnType<Inbox['message']>>

const compiled = Compile(PushCallSchema)

export function writeCall(call: PushCall): string {
  return JSON.stringify(call)
}

/** undefined when it is no such text. */
export function readCall(text: string): PushCall | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return compiled.Check(value) ? value : undefined
  } catch {
    // The caller says so; the text of this error could hold parts of the push.
    return undefined
  }
}

/** Rejects as the inbox does. */
export async function makeCall(inbox: PushInbox, call: PushCall): Promise<PushOutcome> {
  const { receivedAtMs, made = call.kind === 'component-event' ? 'ordered' : 'unknown' } = call
  switch (call.kind) {
    case 'component-event':
      return inbox.componentEvent({ eventId: call.eventId, plaintext: call.plaintext, receivedAtMs, made })
    case 'message':
      return inbox.message(call.event, { receivedAtMs, made }, call.reply)
    case 'release-check': {
      const appId = parseAuthorizerAppId(call.appId)
      if (!appId) throw new Error('a release check has no appid')
      const { eventId, openId } = call
      await inbox.releaseCheck({ eventId, appId, openId, code: new Secret(call.code), receivedAtMs, made })
      return 'queued'
    }
    default:
      return call satisfies never
  }
}
