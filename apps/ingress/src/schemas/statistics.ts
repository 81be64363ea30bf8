// Owns: the schemas of what the processes count.
import { Type } from 'typebox'
import { InstantSchema } from '../http/instant.ts'
import { errors } from './errors.ts'
import { PlatformParams } from './paths.ts'

const tags = ['Statistics']

const closed = { additionalProperties: false }
const count = (description: string) => Type.Integer({ description })

const Sums = Type.Object({
  at: Type.String({ description: 'begin of the minute or hour' }),
  pushes: count('authentic pushes that were acknowledged, repeated ones included'),
  duplicates: count('of these, those whose event was known'),
  delivered: count('deliveries that a consumer, a queue or a stream has taken'),
  failed: count('failed attempts'),
  dead: count('deliveries that came to the dead letters'),
  refreshed: count("refreshes of authorizers' access tokens, on read as well as by schedule"),
  refreshFailed: count('refreshes of these that failed'),
})

export const statisticsSchemas = {
  statistics: {
    tags,
    operationId: 'getStatistics',
    summary: 'What happened in each minute or hour of the last day',
    description:
      'Counted in the processes, which hand over what they counted each minute. Not for a right that is narrowed to authorizers.',
    params: PlatformParams,
    querystring: Type.Object(
      {
        from: Type.Optional({ ...InstantSchema, description: 'ISO 8601; default, and at the earliest: a day ago' }),
        to: Type.Optional({ ...InstantSchema, description: 'ISO 8601; default, and at the latest: now' }),
        step: Type.Optional(
          Type.Union([Type.Literal('60'), Type.Literal('3600')], { description: 'seconds, default 60' }),
        ),
      },
      closed,
    ),
    response: { 200: Type.Object({ items: Type.Array(Sums) }), ...errors(400, 401, 403, 404, 429, 503) },
  },
  refusedPushes: {
    tags,
    operationId: 'listRefusedPushes',
    summary: 'Pushes that were refused in the last day, by the code of the refusal',
    description:
      'Counted in the processes, which hand over what they counted each minute. Not for a right that is narrowed to authorizers.',
    params: PlatformParams,
    querystring: Type.Object({}, closed),
    response: {
      200: Type.Object({
        items: Type.Array(
          Type.Object({
            code: Type.String({ description: 'as the push was answered' }),
            count1h: Type.Integer({ description: 'in the last hour' }),
            lastAt: Type.String(),
            lastAddress: Type.String({ description: 'where the last one came from' }),
          }),
        ),
      }),
      ...errors(400, 401, 403, 404, 503),
    },
  },
}
