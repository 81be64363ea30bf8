// Owns: the event that consumers receive (CloudEvents 1.0, JSON), and the rules for its id, type and source.
import { Type, type Static } from 'typebox'

/** What WeChat sent, every leaf a string. */
export type EventData = { [name: string]: unknown }

export const GatewayEventSchema = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ minLength: 1, maxLength: 128 }),
    source: Type.String(),
    type: Type.String(),
    subject: Type.Optional(Type.String()),
    time: Type.String(),
    datacontenttype: Type.Literal('application/json'),
    platform: Type.String(),
    authorizerappid: Type.Optional(Type.String()),
    /** Id of the replay that delivers it again. */
    replay: Type.Optional(Type.String({ maxLength: 64 })),
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Event', description: 'CloudEvents 1.0' },
)

export type GatewayEvent = Static<typeof GatewayEventSchema>

/** `ev_` and a hash of the push; `gw_` or `test-` and a UUID. It equals no name of a key of BullMQ or the gateway. */
const EVENT_ID = /^(?:ev_|gw_|test-)[A-Za-z0-9_-]{1,64}$/

export function isEventId(text: string): boolean {
  return EVENT_ID.test(text)
}

/** As `wechat.message.<msgtype>`: lower case, `_` for each character outside `[a-z0-9_.-]`. */
export function eventType(prefix: 'wechat.message' | 'wechat.event' | 'wechat.component', name: string): string {
  return `${prefix}.${name.toLowerCase().replace(/[^a-z0-9_.-]/g, '_')}`
}

/** The type of an authentic push that cannot be parsed. */
export const UNPARSED_EVENT_TYPE = 'wechat.unparsed'

export type EventFields = {
  id: string
  platform: string
  type: string
  timeMs: number
  subject?: string | undefined
  authorizerAppId?: string | undefined
  data: EventData
}

/** A message or event of an authorizer's user, with the source `/wx/<platform>/<appid>`. */
export function authorizerEvent(fields: EventFields & { authorizerAppId: string }): GatewayEvent {
  return assemble(fields, `/wx/${fields.platform}/${fields.authorizerAppId}`)
}

/** An event of the component or of the gateway, with the source `/wx/<platform>`. */
export function platformEvent(fields: EventFields): GatewayEvent {
  return assemble(fields, `/wx/${fields.platform}`)
}

function assemble(fields: EventFields, source: string): GatewayEvent {
  const { id, type, subject, platform, authorizerAppId: authorizerappid, data } = fields
  const time = timeText(fields.timeMs)
  return {
    specversion: '1.0',
    id,
    source,
    type,
    ...(subject ? { subject } : {}),
    time,
    datacontenttype: 'application/json',
    platform,
    ...(authorizerappid ? { authorizerappid } : {}),
    data,
  }
}

let lastTime = { ms: 0, text: '1970-01-01T00:00:00Z' }

/** Caches the latest text: pushes of the same second share it. */
function timeText(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString().replace('.000Z', 'Z') }
  return lastTime.text
}
