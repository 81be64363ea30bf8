// Owns: the schemas of the event log.
import type { Readable } from 'node:stream'
import { SUBSCRIPTION_NAME_PATTERN } from '@wxgw/contracts'
import { Type } from 'typebox'
import { InstantSchema } from '../http/instant.ts'
import { POSITION_CHARACTERS } from '../event-stream/stream-positions.ts'
import { content, errors } from './errors.ts'
import { contentQuery, nextCursor, pageQuery, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Events']
const nullableText = Type.Union([Type.String(), Type.Null()])

const Status = Type.Union([
  Type.Literal('pending'),
  Type.Literal('delivered'),
  Type.Literal('retrying'),
  Type.Literal('dead'),
  Type.Literal('discarded'),
  Type.Literal('paused'),
])

const Delivery = Type.Object({
  subscription: Type.String(),
  status: Status,
  attempts: Type.Integer(),
  lastError: nullableText,
  deliveredAt: nullableText,
})

const LoggedEvent = Type.Object({
  id: Type.String(),
  type: Type.String(),
  source: Type.String(),
  subject: nullableText,
  authorizerappid: nullableText,
  time: Type.String(),
  receivedAt: Type.String(),
  event: Type.Unknown({ description: 'as consumers get it; all of `data` with `events:content` only' }),
  deliveries: Type.Array(Delivery),
})

const openid = Type.String({ pattern: '^[!-~]{1,128}$', description: 'openid of the user; of `authorizer`' })
const instant = { ...InstantSchema, description: 'ISO 8601, of receipt' }

const scannedTo = Type.Optional(
  Type.String({
    description:
      'with `q`, and when the search reached its bound: events received before this time were not read; `nextCursor` continues there',
  }),
)

export const eventParams = Type.Object({ ...PlatformParams.properties, id: Type.String({ pattern: '^[!-~]{1,128}$' }) })

export const eventSchemas = {
  list: {
    tags,
    operationId: 'listEvents',
    summary: 'What was received lately and what became of it, newest first',
    params: PlatformParams,
    querystring: Type.Object(
      {
        ...pageQuery,
        ...contentQuery,
        authorizer: Type.Optional(Type.String({ pattern: '^wx[0-9A-Za-z]{16}$' })),
        subject: Type.Optional(openid),
        type: Type.Optional(
          Type.String({ pattern: '^[A-Za-z0-9_.-]{0,128}\\*?$', description: '`*` at the end is a wildcard' }),
        ),
        q: Type.Optional(
          Type.String({
            minLength: 2,
            maxLength: 100,
            description:
              'text within the values of `data` that the caller sees; case matters but for A to Z. Looks at 5,000 events, 8 MiB, half a second',
          }),
        ),
        from: Type.Optional(instant),
        to: Type.Optional(instant),
        subscription: Type.Optional(Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN })),
        status: Type.Optional({ ...Status, description: 'of a delivery; with `subscription`, of that one' }),
      },
      closed,
    ),
    response: {
      200: Type.Object({ items: Type.Array(LoggedEvent), nextCursor, scannedTo }),
      ...errors(400, 401, 403, 404, 409, 429, 503),
    },
  },
  stream: {
    tags,
    operationId: 'streamEvents',
    summary: 'Events as they are recorded, as server-sent events',
    description:
      '`id`: a position, `data`: the event. Last-Event-ID, or `after`, resumes at any ingress without a gap or a repeat within ' +
      'EVENT_LOG_SECONDS; beyond that the first is `event: gap` with `data: {"from"}`, from when on nothing is missing. A comment each 15 s. ' +
      'A reader that takes nothing for 10 s is cut off. 20 streams of a caller and 100 in all at each process.',
    params: PlatformParams,
    headers: Type.Object({
      'last-event-id': Type.Optional(
        Type.String({ maxLength: POSITION_CHARACTERS, description: '`id` of the last event; comes before `after`' }),
      ),
    }),
    querystring: Type.Object(
      {
        ...contentQuery,
        types: Type.Optional(
          Type.String({
            pattern: '^[A-Za-z0-9_.-]{0,128}\\*?(,[A-Za-z0-9_.-]{0,128}\\*?){0,49}$',
            description: 'at most 50, with commas; `*` at the end is a wildcard',
          }),
        ),
        authorizers: Type.Optional(
          Type.String({
            pattern: '^wx[0-9A-Za-z]{16}(,wx[0-9A-Za-z]{16}){0,199}$',
            description: 'at most 200 appids, with commas',
          }),
        ),
        after: Type.Optional(
          Type.String({ maxLength: POSITION_CHARACTERS, description: 'a position; without one it starts now' }),
        ),
      },
      closed,
    ),
    response: {
      200: content('text/event-stream', Type.Unsafe<Readable>(Type.String()), 'events without end'),
      ...errors(400, 401, 403, 404, 409, 429, 503),
    },
  },
  one: {
    tags,
    operationId: 'getEvent',
    summary: 'One event',
    params: eventParams,
    querystring: Type.Object(contentQuery, closed),
    response: { 200: LoggedEvent, ...errors(400, 401, 403, 404, 409, 429, 503) },
  },
  erase: {
    tags,
    operationId: 'eraseEvents',
    summary: 'Take the content of one user out of the event log and the dead letters',
    description:
      'Of each event `data` keeps MsgType, Event, InfoType, MsgId and CreateTime. `erased`: how many events lost content by this call; of an ' +
      'account with very many events a worker does the rest.',
    params: PlatformParams,
    querystring: Type.Object(
      {
        authorizer: Type.String({ pattern: '^wx[0-9A-Za-z]{16}$' }),
        subject: openid,
      },
      closed,
    ),
    response: { 202: Type.Object({ erased: Type.Integer() }), ...errors(400, 401, 403, 404, 409, 429, 503) },
  },
  replay: {
    tags,
    operationId: 'replayEvent',
    summary: 'Deliver an event again, with its id, to every subscription that matches now, or to some of them',
    description:
      'Consumers know the replay by the attribute `replay` of the event and, at a webhook, by the header `webhook-replay`.',
    params: eventParams,
    querystring: Type.Object({}, closed),
    body: Type.Object(
      {
        subscriptions: Type.Optional(
          Type.Array(Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN }), {
            minItems: 1,
            maxItems: 200,
            description: 'only these, as far as they match',
          }),
        ),
      },
      closed,
    ),
    response: { 202: Type.Object({ eventId: Type.String() }), ...errors(400, 401, 403, 404, 409, 413, 415, 429, 503) },
  },
}
