// Owns: what stands in the spool: one call of the inbox, sealed, so that it can be made again later with the same ids.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Inbox } from '@wxgw/platform'
import type { Sealer } from '@wxgw/redis'
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

const SpooledPushSchema = Type.Union([
  Type.Object({ ...common, kind: Type.Literal('component-event'), eventId: Type.String(), plaintext: Type.String() }),
  Type.Object({
    ...common,
    kind: Type.Literal('message'),
    // Written by this process' own code from a push that it has verified; the seal proves that nobody else wrote it.
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

export type SpooledPush = Static<typeof SpooledPushSchema>

/** The calls of the inbox that a push may end in. */
export type PushInbox = Pick<Inbox, 'componentEvent' | 'message' | 'releaseCheck'>

const compiled = Compile(SpooledPushSchema)
const PLACE = { platform: '', subject: 'spool', field: 'spooled push' }

export function sealPush(sealer: Sealer, push: SpooledPush): string {
  return sealer.seal(JSON.stringify(push), PLACE)
}

/** undefined when it does not open, or is no such record. */
export function openSpooledPush(sealer: Sealer, sealed: string): SpooledPush | undefined {
  try {
    const value: unknown = JSON.parse(sealer.open(sealed, PLACE).reveal())
    return compiled.Check(value) ? value : undefined
  } catch {
    // The caller keeps the record aside and says so; a text of this error could hold parts of it.
    return undefined
  }
}

/** Makes the call. Rejects as the inbox does. */
export async function enqueuePush(inbox: PushInbox, push: SpooledPush): Promise<void> {
  const { receivedAtMs, made = push.kind === 'component-event' ? 'ordered' : 'unknown' } = push
  switch (push.kind) {
    case 'component-event':
      await inbox.componentEvent({ eventId: push.eventId, plaintext: push.plaintext, receivedAtMs, made })
      return
    case 'message':
      await inbox.message(push.event, { receivedAtMs, made }, push.reply)
      return
    case 'release-check': {
      const appId = parseAuthorizerAppId(push.appId)
      if (!appId) throw new Error('a spooled release check has no appid')
      const { eventId, openId } = push
      await inbox.releaseCheck({ eventId, appId, openId, code: new Secret(push.code), receivedAtMs, made })
      return
    }
  }
}
