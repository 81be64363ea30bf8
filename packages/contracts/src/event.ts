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
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Event', description: 'CloudEvents 1.0' },
)

export type GatewayEvent = Static<typeof GatewayEventSchema>

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
  return {
    specversion: '1.0',
    id: fields.id,
    source,
    type: fields.type,
    ...(fields.subject ? { subject: fields.subject } : {}),
    time: new Date(fields.timeMs).toISOString().replace('.000Z', 'Z'),
    datacontenttype: 'application/json',
    platform: fields.platform,
    ...(fields.authorizerAppId ? { authorizerappid: fields.authorizerAppId } : {}),
    data: fields.data,
  }
}
