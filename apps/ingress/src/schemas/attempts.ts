// Owns: the schemas of the attempts at an event's deliveries.
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { eventParams } from './events.ts'
import { contentQuery, nextCursor, pageQuery } from './paths.ts'

const nullableText = Type.Union([Type.String(), Type.Null()])

const Attempt = Type.Object({
  subscription: Type.String(),
  attempt: Type.Integer({ description: 'from 1; a replay counts anew' }),
  at: Type.String({ description: 'ISO 8601: when it began' }),
  durationMs: Type.Integer({ description: '0 where a queue or a stream was written in one step with the log' }),
  outcome: Type.Union([Type.Literal('delivered'), Type.Literal('failed')]),
  httpStatus: Type.Union([Type.Integer(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()], { description: 'as `lastError`' }),
  answer: Type.Union([Type.String(), Type.Null()], {
    description: 'the first 1 KiB of what a webhook answered, in whole characters; with `events:content` only',
  }),
  worker: Type.String({ description: 'host and process id' }),
  nextAttemptAt: nullableText,
})

export const attemptSchemas = {
  list: {
    tags: ['Events'],
    operationId: 'listAttempts',
    summary: 'The attempts at the deliveries of an event, newest first over all subscriptions: the last 20 of each',
    params: eventParams,
    querystring: Type.Object({ ...pageQuery, ...contentQuery }, { additionalProperties: false }),
    response: {
      200: Type.Object({ items: Type.Array(Attempt), nextCursor }),
      ...errors(400, 401, 403, 404, 409, 429, 503),
    },
  },
}
