// Owns: the payload of every job kind. Payloads are versioned and parsed on entry.
import { Type, type Static } from 'typebox'
import { GatewayEventSchema } from './event.ts'

/**
 * A decrypted push to the component's event URL, sealed as a whole: it may hold a ticket or an authorization code.
 * De-duplicated by `eventId` and `announced`, for DEDUPE_SECONDS, removed on completion.
 */
export const ComponentEventJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('component-event'),
  platform: Type.String(),
  eventId: Type.String(),
  receivedAtMs: Type.Number(),
  sealedPlaintext: Type.String(),
  /** Consumers have been given the event: what remains is the exchange of its code. */
  announced: Type.Optional(Type.Literal(true)),
})
export type ComponentEventJob = Static<typeof ComponentEventJobSchema>

/** The profile of an authorizer is wanted; `announce` is the event that waits for it. */
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

/** An event on its way to every matching subscription. De-duplicated by the event's id, for DEDUPE_SECONDS. */
export const FanOutJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('fan-out'),
  event: GatewayEventSchema,
  receivedAtMs: Type.Number(),
  /** Only this subscription: whatever it matches (test event), or if it matches (replay). */
  only: Type.Optional(Type.String()),
  /** Present when it is a replay: part of the delivery's id, so that it is not taken for a duplicate. */
  replay: Type.Optional(Type.String()),
  /** The push is still waiting for this subscription's passive reply, until the deadline. */
  reply: Type.Optional(ReplyWantedSchema),
})
export type FanOutJob = Static<typeof FanOutJobSchema>

/**
 * What one turn of an ingress' event loop accepted, at most 25. Each entry is read by itself (`BatchedEventSchema`):
 * one that is no event costs no other.
 */
export const FanOutBatchJobSchema = Type.Object({
  v: Type.Literal(2),
  kind: Type.Literal('fan-out-batch'),
  events: Type.Array(Type.Unknown(), { minItems: 1 }),
})
export type FanOutBatchJob = Static<typeof FanOutBatchJobSchema>

/**
 * Something was appended to the list of an account whose events are dispatched in order: entries as of a fan-out batch.
 * Whoever runs it works off the list.
 */
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
  /** Older than duplicates are remembered for, or of unknown age: the event log is asked, too. */
  isOld: Type.Optional(Type.Literal(true)),
  /**
   * By which it knows its own claim. Default: the job's id and the entry's index. Present in what comes from another
   * job.
   */
  arrival: Type.Optional(Type.String()),
  /** As in a fan-out job; such an entry is alone in its job. */
  reply: Type.Optional(ReplyWantedSchema),
})
export type BatchedEvent = Static<typeof BatchedEventSchema>

/** One event for one subscription. De-duplicated by `deliveryId` while the job exists. */
export const DeliveryJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('deliver'),
  platform: Type.String(),
  subscription: Type.String(),
  /** When that was created: a later one of its name is another one. Left out by earlier versions. */
  subscribedAtMs: Type.Optional(Type.Number()),
  event: GatewayEventSchema,
  receivedAtMs: Type.Number(),
  /** The job's id and, for a queue sink, the id of the consumer's job. */
  deliveryId: Type.String(),
  scheduleSeconds: Type.Array(Type.Number()),
  reply: Type.Optional(Type.Object({ deadlineAtMs: Type.Number() })),
  /** Of a dead letter whose last run made no attempt, which BullMQ counts all the same: how many were made. */
  attempts: Type.Optional(Type.Number()),
})
export type DeliveryJob = Static<typeof DeliveryJobSchema>

/**
 * The release check (全网发布检测) asks for its code to be exchanged and sent back by message/custom/send.
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

/** What an erasure has left for a worker: all that there is of this user is looked at again. */
export const EraseJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('erase'),
  platform: Type.String(),
  authorizer: Type.String(),
  subject: Type.String(),
})
export type EraseJob = Static<typeof EraseJobSchema>

/**
 * What a replay or discard of all dead letters has left for a worker: those older than `after`, a place in the failed
 * jobs.
 */
export const DeadLettersJobSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('dead-letters'),
  platform: Type.String(),
  subscription: Type.String(),
  action: Type.Union([Type.Literal('replay'), Type.Literal('discard')]),
  after: Type.Object({ score: Type.Number(), member: Type.String() }),
  /** What the caller's right is narrowed to; left out: everything. */
  only: Type.Optional(Type.Array(Type.String())),
})
export type DeadLettersJob = Static<typeof DeadLettersJobSchema>
