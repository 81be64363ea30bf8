// Owns: the type of an authentic push, its text for the spool, and enqueueing it in the queue of its platform.
import type { GatewayEvent } from '@wxgw/contracts'
import type { PushQueue, TimeBound } from '@wxgw/platform'
import { parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

/** When it was made. The queue judges how old a push is. */
export const MadeSchema = Type.Union([Type.Number(), Type.Literal('unknown'), Type.Literal('ordered')])

export const ReplyWantedSchema = Type.Object({ subscription: Type.String(), deadlineAtMs: Type.Number() })

const common = {
  v: Type.Literal(1),
  platform: Type.String(),
  receivedAtMs: Type.Number(),
  /** Missing in texts of older versions. */
  made: Type.Optional(MadeSchema),
}

const WrittenPushSchema = Type.Union([
  Type.Object({ ...common, kind: Type.Literal('component-event'), eventId: Type.String(), plaintext: Type.String() }),
  Type.Object({
    ...common,
    kind: Type.Literal('message'),
    // Written by the gateway's own code from a push that it has verified.
    event: Type.Unsafe<GatewayEvent>(Type.Object({ id: Type.String() })),
    reply: Type.Optional(ReplyWantedSchema),
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

type WrittenPush = Static<typeof WrittenPushSchema>
type WrittenReleaseCheck = Extract<WrittenPush, { kind: 'release-check' }>

export type Push = Exclude<WrittenPush, WrittenReleaseCheck> | (Omit<WrittenReleaseCheck, 'code'> & { code: Secret })

/** `queued`: the worker finds out whether it is a duplicate. */
export type PushOutcome = Awaited<ReturnType<PushQueue['message']>>

/** Rejects with STORE_UNAVAILABLE when Redis does not accept the push. `within`: how long Redis may take. */
export type EnqueuePush = (push: Push, within?: TimeBound) => Promise<PushOutcome>

const compiled = Compile(WrittenPushSchema)

/** The text contains secrets in clear: keep it in this process, or seal it. */
export function writePush(push: Push): string {
  return JSON.stringify(push.kind === 'release-check' ? { ...push, code: push.code.reveal() } : push)
}

/** undefined for an invalid text. */
export function readPush(text: string): Push | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!compiled.Check(value)) return undefined
    return value.kind === 'release-check' ? { ...value, code: new Secret(value.code) } : value
  } catch {
    // The caller logs it. This error's text could contain parts of the push.
    return undefined
  }
}

export function createEnqueuePush(queues: ReadonlyMap<string, { pushQueue: PushQueue }>): EnqueuePush {
  return (push, within) => {
    const { receivedAtMs, made = push.kind === 'component-event' ? 'ordered' : 'unknown' } = push
    const queue = queues.get(push.platform)?.pushQueue
    if (!queue) throw new Error('a push of an unknown platform')
    const arrival = { receivedAtMs, made, within }
    switch (push.kind) {
      case 'component-event':
        return queue.componentEvent({ eventId: push.eventId, plaintext: push.plaintext, ...arrival })
      case 'message':
        return queue.message(push.event, arrival, push.reply)
      case 'release-check': {
        const { eventId, openId, code } = push
        const appId = parseAuthorizerAppId(push.appId)
        if (!appId) throw new Error('a release check has no appid')
        return queue.releaseCheck({ eventId, appId, openId, code, ...arrival }).then(() => 'queued')
      }
      default:
        return push satisfies never
    }
  }
}
