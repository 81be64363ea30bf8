// Owns: the shape of a subscription: in a request, in an answer, and in the processes.
import { Type, type Static } from 'typebox'
import { type MatchData, MatchDataSchema } from './match-data.ts'

export const SUBSCRIPTION_NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$'

/** Seconds after each failed attempt: Svix's schedule, 27 h 35 min 5 s in all. */
//  attempt  2: 5 s       (5 s)
//           3: 5 min     (5 min 5 s)
//           4: 30 min    (35 min 5 s)
//           5: 2 h       (2 h 35 min 5 s)
//           6: 5 h       (7 h 35 min 5 s)
//           7: 10 h      (17 h 35 min 5 s)
//           8: 10 h      (27 h 35 min 5 s)
export const DEFAULT_RETRY_SCHEDULE_SECONDS = [5, 300, 1800, 7200, 18000, 36000, 36000]
/** Up to this share is added to each delay, at random: retries spread out instead of hitting a consumer at once. */
export const RETRY_JITTER = 0.2
export const DEFAULT_WEBHOOK_TIMEOUT_MS = 10_000

/** How long a failing delivery of an ordered subscription blocks its key. */
export const DEFAULT_ORDERING_TIMEOUT_SECONDS = 60

/** A subscription is disabled after failing this long without a success: five days. */
export const DEFAULT_DISABLE_AFTER_SECONDS = 432_000

/** Length to which a new subscription's stream is trimmed. */
export const DEFAULT_STREAM_MAX_LENGTH = 100_000

/** Deliveries that a paused subscription keeps. */
export const DEFAULT_MAX_BACKLOG = 1_000_000

const MatchSchema = Type.Object(
  {
    authorizers: Type.Optional(Type.Array(Type.String({ pattern: '^wx[0-9A-Za-z]{16}$' }), { maxItems: 10_000 })),
    types: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_.-]*\\*?$' }), { maxItems: 1000 }),
    ),
    data: Type.Optional(MatchDataSchema),
  },
  { additionalProperties: false },
)

/** The gateway chooses the name; any other is refused. */
const givenName = Type.String({ maxLength: 256 })

const SinkInputSchema = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('queue'),
      // GET answers it; PUT accepts it, so that an answer can be written back.
      queue: Type.Optional(givenName),
      prefix: Type.Optional(givenName),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal('stream'),
      stream: Type.Optional(givenName),
      maxLength: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      kind: Type.Literal('webhook'),
      url: Type.String({ minLength: 1, maxLength: 2048 }),
      timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 30_000 })),
      secret: Type.Optional(Type.String({ pattern: '^whsec_[A-Za-z0-9+/]+={0,2}$', maxLength: 200 })),
    },
    { additionalProperties: false },
  ),
])

const ThrottleSchema = Type.Union([
  Type.Object({ perSecond: Type.Integer({ minimum: 1, maximum: 10_000 }) }, { additionalProperties: false }),
  Type.Null(),
])

const OrderingSchema = Type.Union([Type.Literal('none'), Type.Literal('subject'), Type.Literal('authorizer')])

/** Body of PUT /subscriptions/:name. */
export const SubscriptionInputSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ maxLength: 63 })),
    match: Type.Optional(MatchSchema),
    sink: SinkInputSchema,
    retry: Type.Optional(
      Type.Object(
        {
          scheduleSeconds: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 604_800 }), { maxItems: 50 })),
        },
        { additionalProperties: false },
      ),
    ),
    reply: Type.Optional(Type.Boolean()),
    fallback: Type.Optional(Type.Union([Type.Literal('customer-service'), Type.Null()])),
    ordering: Type.Optional(OrderingSchema),
    orderingTimeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 604_800 })),
    throttle: Type.Optional(ThrottleSchema),
    maxBacklog: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
    disableAfterSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 315_360_000 })),
    enabled: Type.Optional(Type.Boolean()),
    paused: Type.Optional(Type.Boolean()),
    declared: Type.Optional(Type.Boolean({ description: 'as GET answers it; ignored' })),
    createdAt: Type.Optional(Type.String({ maxLength: 64 })),
    updatedAt: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
)
export type SubscriptionInput = Static<typeof SubscriptionInputSchema>

export type QueueSink = { kind: 'queue'; queue: string }
export type StreamSink = { kind: 'stream'; stream: string; maxLength: number | undefined }
export type WebhookSink = { kind: 'webhook'; url: string; timeoutMs: number }
export type Sink = QueueSink | StreamSink | WebhookSink

/** A subscription in the processes: with defaults, without its secret. */
export type Subscription = {
  name: string
  platform: string
  match: { authorizers: string[] | undefined; types: string[] | undefined; data?: MatchData | undefined }
  sink: Sink
  retry: { scheduleSeconds: number[] }
  reply: boolean
  fallback: 'customer-service' | null
  /** Which deliveries wait for the one before: none, those of a user, or those of an account. */
  ordering: 'none' | 'subject' | 'authorizer'
  /** Counted from its first attempt: after this time a failing delivery no longer blocks the next ones. */
  orderingTimeoutSeconds: number
  /** Deliveries per second, over all workers. */
  throttle: { perSecond: number } | null
  /** Number of deliveries kept while it is paused. */
  maxBacklog: number
  /** Disabled after failing this long without a success; 0: never. */
  disableAfterSeconds: number
  enabled: boolean
  /** Events are kept and not delivered. */
  paused: boolean
  /** Declared in CONFIG_FILE: the API changes `enabled` and `paused` only. */
  declared: boolean
  createdAtMs: number
  updatedAtMs: number
}

export const SubscriptionSchema = Type.Object(
  {
    name: Type.String(),
    match: MatchSchema,
    sink: Type.Object({
      kind: Type.Union([Type.Literal('queue'), Type.Literal('stream'), Type.Literal('webhook')]),
      queue: Type.Optional(Type.String({ description: 'BullMQ queue that a consumer opens (prefix: bull)' })),
      stream: Type.Optional(Type.String({ description: 'key of the Redis stream' })),
      maxLength: Type.Optional(Type.Integer()),
      url: Type.Optional(Type.String()),
      timeoutMs: Type.Optional(Type.Integer()),
      secret: Type.Optional(Type.String({ description: 'whsec_…, answered once, at creation' })),
    }),
    retry: Type.Object({ scheduleSeconds: Type.Array(Type.Integer()) }),
    reply: Type.Boolean(),
    fallback: Type.Union([Type.Literal('customer-service'), Type.Null()]),
    ordering: OrderingSchema,
    orderingTimeoutSeconds: Type.Integer(),
    throttle: ThrottleSchema,
    maxBacklog: Type.Integer(),
    disableAfterSeconds: Type.Integer(),
    enabled: Type.Boolean(),
    paused: Type.Boolean(),
    declared: Type.Optional(
      Type.Boolean({
        description: '`true`: declared in CONFIG_FILE; the API changes `enabled` and `paused` only',
      }),
    ),
    createdAt: Type.String(),
    updatedAt: Type.String(),
  },
  { $id: 'Subscription' },
)
export type SubscriptionView = Static<typeof SubscriptionSchema>

/** The answered shape. `secret`: right after creation only. */
export function subscriptionView(subscription: Subscription, secret?: string): SubscriptionView {
  const { match, sink } = subscription
  return {
    name: subscription.name,
    match: {
      ...(match.authorizers ? { authorizers: match.authorizers } : {}),
      ...(match.types ? { types: match.types } : {}),
      ...(match.data ? { data: match.data } : {}),
    },
    sink: {
      ...sink,
      ...(sink.kind === 'stream' && sink.maxLength === undefined ? { maxLength: undefined } : {}),
      ...(secret === undefined ? {} : { secret }),
    } as SubscriptionView['sink'],
    retry: { scheduleSeconds: subscription.retry.scheduleSeconds },
    reply: subscription.reply,
    fallback: subscription.fallback,
    ordering: subscription.ordering,
    orderingTimeoutSeconds: subscription.orderingTimeoutSeconds,
    throttle: subscription.throttle,
    maxBacklog: subscription.maxBacklog,
    disableAfterSeconds: subscription.disableAfterSeconds,
    enabled: subscription.enabled,
    paused: subscription.paused,
    ...(subscription.declared ? { declared: true } : {}),
    createdAt: new Date(subscription.createdAtMs).toISOString(),
    updatedAt: new Date(subscription.updatedAtMs).toISOString(),
  }
}
