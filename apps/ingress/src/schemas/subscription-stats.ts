// Owns: the schema of a subscription's stats.
import { SUBSCRIPTION_NAME_PATTERN } from '@wxgw/contracts'
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { PlatformParams } from './paths.ts'

const nullableText = Type.Union([Type.String(), Type.Null()])
const nullableInteger = Type.Union([Type.Integer(), Type.Null()])

const Stats = Type.Object({
  waiting: Type.Integer({ description: 'in its deliveries queue, retries included' }),
  oldestWaitingSeconds: nullableInteger,
  inFlight: Type.Integer({ description: 'out of that queue, over all workers' }),
  delivered1h: Type.Integer({ description: 'attempts that delivered, in the last 60 minutes' }),
  failed1h: Type.Integer({ description: 'attempts that failed, in the last 60 minutes' }),
  p50Ms: Type.Union([Type.Integer(), Type.Null()], {
    description: 'of the attempts of the last 60 to 70 minutes; 5 % exact',
  }),
  p95Ms: nullableInteger,
  deadLetters: Type.Integer(),
  deadLettersByReason: Type.Record(Type.String(), Type.Integer(), {
    description: 'the 20 most frequent of the newest 5,000',
  }),
  breaker: Type.Union([Type.Literal('closed'), Type.Literal('open'), Type.Literal('half_open')]),
  failingSince: Type.Union([Type.String(), Type.Null()], { description: 'the first failure since the last success' }),
  lastSuccessAt: nullableText,
  lastError: nullableText,
})

export const statsSchemas = {
  one: {
    tags: ['Subscriptions'],
    operationId: 'getSubscriptionStats',
    summary: 'How the deliveries of a subscription go, over all workers',
    params: Type.Object({ ...PlatformParams.properties, name: Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN }) }),
    querystring: Type.Object({}, { additionalProperties: false }),
    response: { 200: Stats, ...errors(400, 401, 403, 404, 429, 503) },
  },
}
