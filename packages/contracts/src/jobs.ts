// Owns: the payload of every job kind. Workers parse it; `v` is its version.
import { Type, type Static } from 'typebox'
import { GatewayEventSchema } from './event.ts'

/**
 * A decrypted push to the component's event URL, sealed as a whole: it may hold a ticket or an authorization code.
 * De-duplicated by `eventId` and `announced` for DEDUPE_SECONDS, removed on completion.
 */
export const ComponentEventJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('component-event'),
  platform: Type.String(),
  eventId: Type.String(),
  receivedAtMs: Type.Number(),
  sealedPlaintext: Type.String(),
  /** Consumers have the event already: only the exchange of its code is left. */
  announced: Type.Optional(Type.Literal(true)),
})
export type ComponentEventJob = Static<typeof ComponentEventJobSchema>

/** Fetches the profile of an authorizer, then emits `announce`. */
export const ProfileJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('profile'),
  platform: Type.String(),
  appid: Type.String(),
  receivedAtMs: Type.Number(),
  announce: Type.Optional(GatewayEventSchema),
})
export type ProfileJob = Static<typeof ProfileJobSchema>

const ReplyWantedSchema = Type.Object({ subscription: Type.String(), deadlineAtMs: Type.Number() })

/** Delivers an event to every matching subscription. De-duplicated by the event's id for DEDUPE_SECONDS. */
export const FanOutJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('fan-out'),
  event: GatewayEventSchema,
  receivedAtMs: Type.Number(),
  /** Only this subscription: a test event without matching, a replay only if it matches. */
  only: Type.Optional(Type.String()),
  /** Id of the replay. It is part of the delivery's id, so that the replay is no duplicate. */
  replay: Type.Optional(Type.String()),
  /** The push waits for this subscription's passive reply until the deadline. */
  reply: Type.Optional(ReplyWantedSchema),
})
export type FanOutJob = Static<typeof FanOutJobSchema>

/**
 * The events, at most 25, that an ingress accepted in one turn of its event loop. Each entry is parsed by itself
 * (`BatchedEventSchema`): an invalid one does not affect the others.
 */
export const FanOutBatchJobSchema = Type.Object({
  v: Type.Literal(2),
  kind: Type.Literal('fan-out-batch'),
  events: Type.Array(Type.Unknown(), { minItems: 1 }),
})
export type FanOutBatchJob = Static<typeof FanOutBatchJobSchema>

/** Works off the list of an account whose events are dispatched in order. Its entries are those of a fan-out batch. */
export const LaneJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('lane'),
  platform: Type.String(),
  account: Type.String(),
})
export type LaneJob = Static<typeof LaneJobSchema>

export const BatchedEventSchema = Type.Object({
  event: GatewayEventSchema,
  receivedAtMs: Type.Number(),
  /** Older than DEDUPE_SECONDS, or of unknown age: the event log is searched for a duplicate, too. */
  isOld: Type.Optional(Type.Literal(true)),
  /** Marks its own claim. Default: the job's id and the entry's index. Set when the entry comes from another job. */
  arrival: Type.Optional(Type.String()),
  /** As in a fan-out job. An entry with it is the only one of its job. */
  reply: Type.Optional(ReplyWantedSchema),
})
export type BatchedEvent = Static<typeof BatchedEventSchema>

/** One event for one subscription. De-duplicated by `deliveryId` while the job exists. */
export const DeliveryJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('deliver'),
  platform: Type.String(),
  subscription: Type.String(),
  /** Creation of the subscription: a later one of the same name is another one. Earlier versions left it out. */
  subscribedAtMs: Type.Optional(Type.Number()),
  event: GatewayEventSchema,
  receivedAtMs: Type.Number(),
  /** Id of the job. With a queue sink, also the id of the consumer's job. */
  deliveryId: Type.String(),
  scheduleSeconds: Type.Array(Type.Number()),
  reply: Type.Optional(Type.Object({ deadlineAtMs: Type.Number() })),
  /** Attempts made. Set on a dead letter whose last run made none: BullMQ counts that run, too. */
  attempts: Type.Optional(Type.Number()),
})
export type DeliveryJob = Static<typeof DeliveryJobSchema>

/**
 * Exchanges the code of a release check (全网发布检测) and sends it back by message/custom/send.
 * De-duplicated by `eventId`; the code is sealed.
 */
export const ReleaseCheckJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('release-check'),
  platform: Type.String(),
  eventId: Type.String(),
  appid: Type.String(),
  openId: Type.String(),
  sealedCode: Type.String(),
  receivedAtMs: Type.Number(),
})
export type ReleaseCheckJob = Static<typeof ReleaseCheckJobSchema>

/** Pages through WeChat's list of authorizers, adds and repairs. */
export const SyncJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('sync'),
  platform: Type.String(),
})
export type SyncJob = Static<typeof SyncJobSchema>

/** Erases the rest of a user's content: a worker goes through all of the user's events again. */
export const EraseJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('erase'),
  platform: Type.String(),
  authorizer: Type.String(),
  subject: Type.String(),
})
export type EraseJob = Static<typeof EraseJobSchema>

/** Replays or discards the rest of all dead letters: those older than `after`, a position in the failed jobs. */
export const DeadLettersJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('dead-letters'),
  platform: Type.String(),
  subscription: Type.String(),
  action: Type.Union([Type.Literal('replay'), Type.Literal('discard')]),
  after: Type.Object({ score: Type.Number(), member: Type.String() }),
  /** Appids that the caller's right is narrowed to. Left out: all. */
  only: Type.Optional(Type.Array(Type.String())),
})
export type DeadLettersJob = Static<typeof DeadLettersJobSchema>
