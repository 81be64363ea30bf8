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

/**
 * The asserts run on the record that is changed, in the same step. The change rejects with what they throw.
 */
export type PutOptions = {
  /** undefined = it counts for no caller. */
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
  /**
   * Sorted by name. Those that `isShown` refuses (default: none) do not count for the page. A page is shorter when
   * matches are long.
   */
  list(page: SubscriptionsAsked): Promise<Page<Subscription>>
  /** With its backlog, its dead letters and its queue or stream. False when there was none. */
  delete(name: string, options?: DeleteOptions): Promise<boolean>
  /** What is left out stays. undefined when there is no such subscription. `assertMayChange` as in PutOptions. */
  patch(
    name: string,
    switches: Switches,
    assertMayChange?: (existing: Subscription) => void,
  ): Promise<Subscription | undefined>
  /**
   * A new webhook secret, which signs first; the one before signs too for 24 h. undefined when there is no such
   * subscription. Rejects with INVALID_REQUEST for another sink, with SUBSCRIPTION_DECLARED for one whose secret stands
   * in a file. `assertMayChange` as in PutOptions.
   */
  rotateSecret(name: string, assertMayChange?: (existing: Subscription) => void): Promise<string | undefined>
  /**
   * At a start (`isStart`): stores what a file declares and disables what was declared and is not in it any more; what
   * the API switched stays. Later: stores only what is missing, as after a loss of Redis, so that two processes with
   * different files do not overwrite each other. Safe to repeat.
   */
  declare(declarations: readonly Declaration[], options: { isStart: boolean }): Promise<DeclaredOutcome>
  /** True: by this call. */
  disable(name: string, after: DisabledAfter): Promise<boolean>
  /** Of a disabled one: retries that wait for their time end as dead letters now. Safe to repeat. */
  endPending(name: string): Promise<void>
  /** All of them, from a copy in the process that is at most `maxAgeMs` behind a change (default 100). */
  all(maxAgeMs?: number): Promise<readonly Subscription[]>
  /** What `all()` would answer, if that needs no question to Redis. */
  known(): readonly Subscription[] | undefined
  /** Of those that may have something under a name of an earlier version, the names. */
  withOldNames(): Promise<readonly string[]>
  /**
   * Gives ambiguous queues a new name and moves what stands under old names. Safe to repeat, and to end in between by
   * the signal.
   */
  moveOldNames(name: string, signal?: AbortSignal): Promise<readonly NameLeft[]>
  /** The webhook secrets to sign with: the current one first, the previous one while it is being replaced. */
  webhookSecrets(name: string): Promise<readonly Secret[]>
}

export type SubscriptionsDeps = {
  platform: string
  /** The ids of all that are configured, this one included. */
  platforms: readonly string[]
  redis: RedisConnection
  keys: SubscriptionKeys & Parameters<typeof createBacklog>[0]['keys']
  sealer: Sealer
  queues: Pick<Queues, 'open' | 'release'>
  checkWebhookUrl: CheckWebhookUrl
  /** Each has an index of what a subscription was not delivered. */
  shards: Pick<MessageShards, 'all'>
  clock?: Clock
}

const DEFAULT_MAX_AGE_MS = 100
/**
 * Until every process has seen that a subscription is gone and brings it nothing more, so that what is cleared stays
 * clear.
 */
const SETTLE_MS = 2 * DEFAULT_MAX_AGE_MS

/**
 * Rejects with STORE_UNAVAILABLE, `put` also with INVALID_REQUEST. `all` keeps its array while nothing changes, sorted
 * by name. The worker must ask with `all(0)` or `get` where a subscription that was just disabled or deleted matters.
 */
export function createSubscriptions(deps: SubscriptionsDeps): Subscriptions {
  const { platform, queues, sealer, checkWebhookUrl, clock = systemClock } = deps
  const records = createRecordStore(deps)
  const backlog = createBacklog(deps)
  const oldNames = createMoveOldNames({ ...deps, records, nowMs: () => clock.nowMs() })
  const copy = createLocalCopy({
    records,
    onGone: ({ name, sink }) => {
      // Closing a queue over a shared connection only takes its listeners off.
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

  /** `decide` as of the record store; what becomes disabled by it has its pending deliveries ended. */
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
      // Also when it was disabled before: whoever did may have died before this.
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
