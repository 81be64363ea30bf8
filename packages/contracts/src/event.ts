// Owns: the event that consumers receive (CloudEvents 1.0, JSON) and the rules for its type and its source.
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
    /** Of a delivery that was asked for again: which replay it is. */
    replay: Type.Optional(Type.String({ maxLength: 64 })),
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Event', description: 'CloudEvents 1.0' },
)

export type GatewayEvent = Static<typeof GatewayEventSchema>

/** `ev_` and a hash of what WeChat sent; `gw_` or `test-` and a UUID. Unlike any name that BullMQ or we give a key. */
const EVENT_ID = /^(?:ev_|gw_|test-)[A-Za-z0-9_-]{1,64}$/

export function isEventId(text: string): boolean {
  return EVENT_ID.test(text)
}

/** `wechat.message.<msgtype>` and so on: lower case, anything outside `[a-z0-9_.-]` as `_`. */
export function eventType(prefix: 'wechat.message' | 'wechat.event' | 'wechat.component', name: string): string {
  return `${prefix}.${name.toLowerCase().replace(/[^a-z0-9_.-]/g, '_')}`
}

/** The type of what is authentic but cannot be understood. */
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

/** An event on an authorizer's own source, `/wx/<platform>/<appid>`: messages and events of its users. */
export function authorizerEvent(fields: EventFields & { authorizerAppId: string }): GatewayEvent {
  return assemble(fields, `/wx/${fields.platform}/${fields.authorizerAppId}`)
}

/** An event of the component or of the gateway itself, on the platform's source `/wx/<platform>`. */
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

/** What is pushed at the same time says the same second: its text is made once. */
function timeText(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, text: new Date(ms).toISOString().replace('.000Z', 'Z') }
  return lastTime.text
}
