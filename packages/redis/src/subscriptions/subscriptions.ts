// Owns: the subscriptions of one platform: creating, changing, deleting and listing them.
import { setTimeout as delay } from 'node:timers/promises'
import type { Subscription, SubscriptionInput } from '@wxgw/contracts'
import { type Clock, GatewayError, type Secret, systemClock } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue } from '../keys.ts'
import { createMoveOldNames, type NameLeft } from '../old-names/move-old-names.ts'
import type { Page } from '../paging/newest-first.ts'
import type { Queues } from '../queues/queues.ts'
import type { Sealer } from '../sealed.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { type DisabledAfter, disabledAnnouncement } from './announcements.ts'
import { createBacklog } from './backlog.ts'
import { checkInput, type CheckWebhookUrl, isSubscriptionName } from './check-input.ts'
import { assertNotDeclared, createDeclare, withByApi, type Declaration, type DeclaredOutcome } from './declared.ts'
import { createLocalCopy } from './local-copy.ts'
import { createNextRecord } from './next-record.ts'
import { createRecordStore, type Creator, type RecordStore, type SubscriptionKeys } from './record-store.ts'
import { createWebhookSecretSeal } from './seal-webhook-secrets.ts'
import { pageOf, type SubscriptionsAsked } from './subscription-page.ts'
import { type SubscriptionRecord, type Switches, withSecret, withSwitches } from './subscription-record.ts'
import { generateWebhookSecret, inForce } from './webhook-secret.ts'

export type SubscriptionChange = { subscription: Subscription; created: boolean; secret: string | undefined }

/** The asserts run on the record that the change replaces. The change rejects with the error that they throw. */
export type PutOptions = {
  /** The caller for whose limit it counts. Default: none. */
  creator?: Creator
  assertMayReplace?(existing: Subscription): void
}
export type DeleteOptions = { assertMayDelete?(existing: Subscription | undefined): void }

export type Subscriptions = {
  /**
   * Creates or replaces a subscription. A new one counts for its creator (SUBSCRIPTION_LIMIT). A webhook without a
   * secret gets one, which is answered once (`secret`) and kept on updates.
   */
  put(name: string, input: SubscriptionInput, options?: PutOptions): Promise<SubscriptionChange>
  get(name: string): Promise<Subscription | undefined>
  /** Sorted by name, only those that `isShown` accepts (default: all). A page is shorter when matches are long. */
  list(page: SubscriptionsAsked): Promise<Page<Subscription>>
  /** Deletes it with its backlog, its dead letters and its queue or stream. False when there was none. */
  delete(name: string, options?: DeleteOptions): Promise<boolean>
  /** Missing members stay. undefined when there is no such subscription. `assertMayChange` as in PutOptions. */
  patch(
    name: string,
    switches: Switches,
    assertMayChange?: (existing: Subscription) => void,
  ): Promise<Subscription | undefined>
  /**
   * Answers a new webhook secret. The previous one signs, too, for 24 h. undefined when there is no such subscription.
   * Rejects with INVALID_REQUEST for another sink, and with SUBSCRIPTION_DECLARED for a secret of a file.
   * `assertMayChange` as in PutOptions.
   */
  rotateSecret(name: string, assertMayChange?: (existing: Subscription) => void): Promise<string | undefined>
  /**
   * At a start (`isStart`): stores the declared subscriptions, and disables those that are not declared any more.
   * Switches of the API are kept. Later: stores only missing ones, as after a loss of Redis, so that two processes with
   * different files do not overwrite each other. Safe to repeat.
   */
  declare(declarations: readonly Declaration[], options: { isStart: boolean }): Promise<DeclaredOutcome>
  /** True: by this call. */
  disable(name: string, after: DisabledAfter): Promise<boolean>
  /** If it is disabled, its delayed retries become dead letters. Safe to repeat. */
  endPending(name: string): Promise<void>
  /** From a cache that has all changes older than `maxAgeMs` (default 100). */
  all(maxAgeMs?: number): Promise<readonly Subscription[]>
  /** As `all()`, if the cache is fresh enough; otherwise undefined. */
  known(): readonly Subscription[] | undefined
  /** The names of subscriptions that may have data under a name of an earlier version. */
  withOldNames(): Promise<readonly string[]>
  /** Renames ambiguous queues, and moves data from old names. Safe to repeat, and to abort by the signal. */
  moveOldNames(name: string, signal?: AbortSignal): Promise<readonly NameLeft[]>
  /** The webhook secrets to sign with: the current one first, the previous one while it is being replaced. */
  webhookSecrets(name: string): Promise<readonly Secret[]>
}

export type SubscriptionsDeps = {
  platform: string
  /** The ids of all configured platforms. */
  platforms: readonly string[]
  redis: RedisConnection
  keys: SubscriptionKeys & Parameters<typeof createBacklog>[0]['keys']
  sealer: Sealer
  queues: Pick<Queues, 'open' | 'release'>
  checkWebhookUrl: CheckWebhookUrl
  /** Each has an index of events that a subscription was not delivered. */
  shards: Pick<MessageShards, 'all'>
  clock?: Clock
}

const DEFAULT_MAX_AGE_MS = 100
/** Until every process has read the deletion and delivers nothing more, so that cleared queues stay empty. */
const SETTLE_MS = 2 * DEFAULT_MAX_AGE_MS

/**
 * Rejects with STORE_UNAVAILABLE, `put` also with INVALID_REQUEST. `all` is sorted by name, and the same array while
 * nothing changes. `all(0)` and `get` are needed where a subscription that was just disabled or deleted matters.
 */
export function createSubscriptions(deps: SubscriptionsDeps): Subscriptions {
  const { platform, queues, sealer, checkWebhookUrl, clock = systemClock } = deps
  const records = createRecordStore(deps)
  const backlog = createBacklog(deps)
  const oldNames = createMoveOldNames({ ...deps, records, nowMs: () => clock.nowMs() })
  const copy = createLocalCopy({
    records,
    onGone: ({ name, sink }) => {
      // Closing a queue over a shared connection only removes its listeners.
      void queues.release(deliveriesQueue(platform, name))
      if (sink.kind === 'queue') void queues.release(sink.queue)
    },
  })
  const seal = createWebhookSecretSeal({ platform, sealer })
  const nextRecord = createNextRecord({ platform, checkWebhookUrl, seal, clock })

  async function finishDeletion(record: SubscriptionRecord): Promise<void> {
    await backlog.clear(record)
    await guardStore(() =>
      Promise.all(deps.shards.all().map(({ undelivered }) => deps.redis.del(undelivered(record.subscription.name)))),
    )
    await records.change(record.subscription.name, (known) => (known?.deleting ? null : undefined))
  }

  /** `decide` as in RecordStore. If the change disables the subscription, its pending deliveries end. */
  async function change(name: string, decide: Parameters<RecordStore['change']>[1], creator?: Creator) {
    const { before, after } = await records.change(name, decide, { creator })
    copy.forget()
    const isDisabled = after !== undefined && !after.deleting && !after.subscription.enabled
    if (isDisabled && before?.subscription.enabled) await backlog.promote(name)
    return { before, after }
  }

  async function clearDeleted(name: string): Promise<void> {
    const stored = await records.read(name)
    if (stored?.deleting) await finishDeletion(stored)
  }

  return {
    async put(name, input, { creator, assertMayReplace } = {}) {
      checkInput({ platform, checkWebhookUrl }, name, input)
      await clearDeleted(name)
      let answered: string | undefined
      const decide = (known: SubscriptionRecord | undefined) => {
        if (known) assertMayReplace?.(known.subscription)
        assertNotDeclared(known)
        const next = nextRecord({ name, input, known })
        answered = next.answered
        return next.record
      }
      const { before, after } = await change(name, decide, creator)
      if (!after) throw new GatewayError('INTERNAL', 'a subscription was not stored')
      return { subscription: after.subscription, created: before === undefined, secret: answered }
    },

    async patch(name, switches, assertMayChange) {
      const { after } = await change(name, (known) => {
        if (!known || known.deleting) return undefined
        assertMayChange?.(known.subscription)
        const declared = known.declared ? { declared: withByApi(known.declared, switches) } : {}
        return { ...withSwitches(known, switches, clock.nowMs()), ...declared }
      })
      return after?.deleting ? undefined : after?.subscription
    },

    async rotateSecret(name, assertMayChange) {
      const secret = generateWebhookSecret()
      const sealed = seal.seal(name, secret)
      const { after } = await change(name, (known) => {
        if (!known || known.deleting) return undefined
        assertMayChange?.(known.subscription)
        assertNotDeclared(known)
        if (known.subscription.sink.kind !== 'webhook')
          throw new GatewayError('INVALID_REQUEST', 'only a webhook has a secret')
        return withSecret(known, { sealed, nowMs: clock.nowMs() })
      })
      return after && !after.deleting ? secret : undefined
    },

    declare: createDeclare({ stored: () => copy.get(0), nextRecord, change, clearDeleted, nowMs: () => clock.nowMs() }),

    async get(name) {
      return (await copy.get(0)).byName.get(name)?.subscription
    },

    async list(asked) {
      return pageOf((await copy.get(0)).subscriptions, asked)
    },

    async delete(name, { assertMayDelete } = {}) {
      if (!isSubscriptionName(name)) return false
      const { before, after } = await records.change(name, (known) => {
        assertMayDelete?.(known?.deleting ? undefined : known?.subscription)
        assertNotDeclared(known)
        return known === undefined || known.deleting ? undefined : { ...known, deleting: true }
      })
      copy.forget()
      if (after === undefined) return false
      await delay(SETTLE_MS)
      await finishDeletion(after)
      copy.forget()
      return before?.deleting !== true
    },

    async disable(name, disabledAfter) {
      const disabled = (known: SubscriptionRecord | undefined) => {
        if (!known || known.deleting || !known.subscription.enabled) return undefined
        return withSwitches(known, { enabled: false }, clock.nowMs())
      }
      const { before, after } = await records.change(name, disabled, {
        announcement: disabledAnnouncement(name, disabledAfter),
      })
      copy.forget()
      // Also when it was disabled before: that process may have died before this step.
      if (after && !after.deleting) await backlog.promote(name)
      return before?.subscription.enabled === true && after?.subscription.enabled === false
    },

    async endPending(name) {
      const record = await records.read(name)
      if (record && !record.deleting && !record.subscription.enabled) await backlog.promote(name)
    },

    all: async (maxAgeMs = DEFAULT_MAX_AGE_MS) => (await copy.get(maxAgeMs)).subscriptions,

    known: () => copy.peek(DEFAULT_MAX_AGE_MS)?.subscriptions,

    async withOldNames() {
      const { byName } = await copy.get(DEFAULT_MAX_AGE_MS)
      return [...byName.values()].filter(oldNames.concerns).map(({ subscription }) => subscription.name)
    },

    async moveOldNames(name, signal) {
      const record = await records.read(name)
      if (!record || record.deleting) return []
      const left = await oldNames.leave(record, signal)
      if (left.some(({ renamed }) => renamed)) copy.forget()
      return left
    },

    async webhookSecrets(name) {
      const record = (await copy.get(DEFAULT_MAX_AGE_MS)).byName.get(name)
      if (!record) throw new GatewayError('SUBSCRIPTION_NOT_FOUND', 'no such subscription')
      return inForce(record.secrets, clock.nowMs()).map((secret) => seal.open(name, secret))
    },
  }
}
