// Owns: the schemas of subscriptions and of their dead letters.
import { SUBSCRIPTION_NAME_PATTERN, SubscriptionInputSchema, SubscriptionSchema } from '@wxgw/contracts'
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { contentQuery, nextCursor, pageQuery, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Subscriptions']

const params = Type.Object({ ...PlatformParams.properties, name: Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN }) })
const noQuery = Type.Object({}, closed)
const refusals = errors(400, 401, 403, 404, 429, 503)

const MAX_IDS = 1000
const id = Type.String({ minLength: 1, maxLength: 256 })

/** An event, or the members that matching uses; other members of a CloudEvent are ignored. */
const MatchedEvent = Type.Object({
  type: Type.String({ minLength: 1, maxLength: 256 }),
  authorizerappid: Type.Optional(Type.String({ maxLength: 64 })),
  data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})

const DeadLetter = Type.Object({
  id: Type.String(),
  eventId: Type.String(),
  type: Type.String(),
  event: Type.Unknown({ description: 'as the consumer would have got it; all of `data` with `events:content` only' }),
  attempts: Type.Integer(),
  lastError: Type.String(),
  failedAt: Type.String(),
})

const deadLetterReason = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 300,
    description:
      'only those with exactly this `lastError`, as `deadLettersByReason` of the stats has it; a page compares 5,000',
  }),
)
const deadLettersScannedTo = Type.Optional(
  Type.String({
    format: 'date-time',
    description:
      'with `reason`, when the page reached its bound: dead letters that failed before this time were not compared; `nextCursor` continues there',
  }),
)

export const subscriptionSchemas = {
  put: {
    tags,
    operationId: 'putSubscription',
    summary: 'Create (201) or replace (200) a subscription',
    description: 'A webhook secret, given or generated, is answered once, at creation, and kept on update.',
    params,
    querystring: noQuery,
    body: SubscriptionInputSchema,
    response: {
      200: SubscriptionSchema,
      201: SubscriptionSchema,
      ...errors(400, 401, 403, 404, 409, 413, 415, 429, 503),
    },
  },
  patch: {
    tags,
    operationId: 'patchSubscription',
    summary: 'Enable, disable, pause or resume a subscription, one that CONFIG_FILE declares too',
    description:
      'What is pending when it is disabled stands in its dead letters. While it is paused events are kept, up to `maxBacklog`, and none is ' +
      'delivered. For a declared one both outlive restarts.',
    params,
    querystring: noQuery,
    body: Type.Object(
      { enabled: Type.Optional(Type.Boolean()), paused: Type.Optional(Type.Boolean()) },
      { ...closed, minProperties: 1 },
    ),
    response: { 200: SubscriptionSchema, ...errors(400, 401, 403, 404, 413, 415, 429, 503) },
  },
  list: {
    tags,
    operationId: 'listSubscriptions',
    summary: 'The subscriptions that the key may see',
    description: 'A page may be shorter than `limit` and still have a `nextCursor`.',
    params: PlatformParams,
    querystring: Type.Object(pageQuery, closed),
    response: { 200: Type.Object({ items: Type.Array(SubscriptionSchema), nextCursor }), ...refusals },
  },
  one: {
    tags,
    operationId: 'getSubscription',
    summary: 'One subscription',
    params,
    querystring: noQuery,
    response: { 200: SubscriptionSchema, ...refusals },
  },
  remove: {
    tags,
    operationId: 'deleteSubscription',
    summary: 'Delete a subscription with its backlog and its dead letters',
    params,
    querystring: noQuery,
    response: { 204: Type.Null({ description: 'deleted' }), ...errors(400, 401, 403, 404, 409, 429, 503) },
  },
  rotateSecret: {
    tags,
    operationId: 'rotateSubscriptionSecret',
    summary: 'A new webhook secret, answered once',
    description: 'For 24 hours each attempt carries the signatures of both, the new one first.',
    params,
    querystring: noQuery,
    response: {
      200: Type.Object({ secret: Type.String({ description: 'whsec_…' }) }),
      ...errors(400, 401, 403, 404, 409, 429, 503),
    },
  },
  test: {
    tags,
    operationId: 'testSubscription',
    summary: 'Send a gateway.subscription.test event through it, whatever it matches',
    params,
    querystring: noQuery,
    response: { 202: Type.Object({ eventId: Type.String() }), ...refusals },
  },
  match: {
    tags,
    operationId: 'matchSubscriptions',
    summary: 'Which subscriptions an event is for now, and by which member it is not',
    description:
      'Of the subscriptions that the key may see. `eventId`, of an event in the log, needs `events:read` too, for its account as ' +
      '`subscriptions:read`.',
    params: PlatformParams,
    querystring: noQuery,
    body: Type.Object(
      { eventId: Type.Optional(Type.String({ pattern: '^[!-~]{1,128}$' })), event: Type.Optional(MatchedEvent) },
      { ...closed, minProperties: 1, maxProperties: 1 },
    ),
    response: {
      200: Type.Object({
        items: Type.Array(
          Type.Object({
            subscription: Type.String(),
            matches: Type.Boolean(),
            reason: Type.Union([Type.String(), Type.Null()], {
              description:
                'the first member that fails: `enabled`, `match.authorizers`, `match.types` or `match.data.<field>`',
            }),
          }),
        ),
      }),
      ...errors(400, 401, 403, 404, 409, 413, 415, 429, 503),
    },
  },
  deadLetters: {
    tags,
    operationId: 'listDeadLetters',
    summary: 'What could not be delivered, newest first',
    params,
    querystring: Type.Object({ ...pageQuery, ...contentQuery, reason: deadLetterReason }, closed),
    response: {
      200: Type.Object({ items: Type.Array(DeadLetter), nextCursor, scannedTo: deadLettersScannedTo }),
      ...refusals,
    },
  },
  replayDeadLetters: {
    tags,
    operationId: 'replayDeadLetters',
    summary: 'Deliver dead letters again; all of them when no ids are given',
    params,
    querystring: noQuery,
    body: Type.Object({ ids: Type.Optional(Type.Array(id, { maxItems: MAX_IDS })) }, closed),
    response: { 202: Type.Object({ replayed: Type.Integer() }), ...errors(400, 401, 403, 404, 413, 415, 429, 503) },
  },
  discardDeadLetters: {
    tags,
    operationId: 'discardDeadLetters',
    summary: 'Throw dead letters away; all of them when no ids are given',
    params,
    querystring: Type.Object(
      { ids: Type.Optional(Type.String({ pattern: '^[!-~]{1,6000}$', description: 'separated by commas' })) },
      closed,
    ),
    response: { 200: Type.Object({ discarded: Type.Integer() }), ...refusals },
  },
}
