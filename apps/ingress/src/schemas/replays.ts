// Owns: the schemas of replays of a subscription.
import { SUBSCRIPTION_NAME_PATTERN } from '@wxgw/contracts'
import { Type } from 'typebox'
import { InstantSchema } from '../http/instant.ts'
import { errors } from './errors.ts'
import { nextCursor, pageQuery, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Replays']
const noQuery = Type.Object({}, closed)

const ofSubscription = Type.Object({
  ...PlatformParams.properties,
  name: Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN }),
})
const params = Type.Object({ ...ofSubscription.properties, id: Type.String({ pattern: '^[!-~]{1,64}$' }) })

/** Between `from` and `to`. */
export const MAX_DAYS = 31

const Replay = Type.Object({
  replayId: Type.String({
    description: 'attribute `replay` of the events and, at a webhook, the header `webhook-replay`',
  }),
  status: Type.Union(
    [Type.Literal('running'), Type.Literal('paused'), Type.Literal('completed'), Type.Literal('cancelled')],
    { description: '`paused` also while the subscription is paused or disabled' },
  ),
  matched: Type.Integer({
    description: 'deliveries that it is to make; `delivered` and `failed` add up to it in the end',
  }),
  delivered: Type.Integer(),
  failed: Type.Integer(),
  at: Type.String({ description: 'when it began' }),
  endedAt: Type.Union([Type.String(), Type.Null()]),
  from: Type.String(),
  to: Type.String(),
  onlyUndelivered: Type.Boolean(),
  ratePerSecond: Type.Integer(),
})

const instant = { ...InstantSchema, description: 'ISO 8601, of receipt' }

const change = (operationId: string, summary: string) => ({
  tags,
  operationId,
  summary,
  params,
  querystring: noQuery,
  response: { 200: Replay, ...errors(400, 401, 403, 404, 409, 429, 503) },
})

export const replaySchemas = {
  begin: {
    tags,
    operationId: 'beginReplay',
    summary: 'Deliver to a subscription again what it matches and has not been delivered',
    description:
      'One attempt each, beside live deliveries, at a rate of its own. What is delivered leaves the dead letters. At most 250,000 deliveries, ' +
      'one replay of a subscription and ten of a platform at a time (REPLAY_LIMIT); of a subscription the last 20 are kept, 7 days after ' +
      `their end. \`from\` and \`to\` are at most ${MAX_DAYS} days apart.`,
    params: ofSubscription,
    querystring: noQuery,
    body: Type.Object(
      {
        from: instant,
        to: instant,
        types: Type.Optional(
          Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.-]{0,128}\\*?$' }), {
            maxItems: 100,
            description: '`*` at the end is a wildcard',
          }),
        ),
        authorizers: Type.Optional(Type.Array(Type.String({ pattern: '^wx[0-9A-Za-z]{16}$' }), { maxItems: 1_000 })),
        subject: Type.Optional(Type.String({ pattern: '^[!-~]{1,128}$', description: 'openid of the user' })),
        onlyUndelivered: Type.Optional(
          Type.Boolean({
            description:
              'default true: what was never given, is not over, or is dead; `false`: what was delivered, too',
          }),
        ),
        ratePerSecond: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1_000, description: 'deliveries a second at most; default 50' }),
        ),
      },
      closed,
    ),
    response: {
      202: Type.Object({ replayId: Type.String(), matched: Type.Integer() }),
      ...errors(400, 401, 403, 404, 409, 413, 415, 429, 503),
    },
  },
  list: {
    tags,
    operationId: 'listReplays',
    summary: 'The replays of a subscription, newest first',
    params: ofSubscription,
    querystring: Type.Object(pageQuery, closed),
    response: {
      200: Type.Object({ items: Type.Array(Replay), nextCursor }),
      ...errors(400, 401, 403, 404, 409, 429, 503),
    },
  },
  one: {
    tags,
    operationId: 'getReplay',
    summary: 'One replay',
    params,
    querystring: noQuery,
    response: { 200: Replay, ...errors(400, 401, 403, 404, 409, 429, 503) },
  },
  pause: change('pauseReplay', 'Begin none of its deliveries until it is resumed'),
  resume: change('resumeReplay', 'Go on with a paused replay'),
  cancel: change('cancelReplay', 'End a replay; what is under way is seen through'),
}
