// Owns: accepting an authentic push: checks Redis' memory, enqueues it, or else writes it to the spool.
import { hasOrder } from '@wxgw/contracts'
import type { Subscriptions, TimeBound, UnsubscribedEvents } from '@wxgw/platform'
import { GatewayError, isStoreAway } from '@wxgw/wechat-core'
import type { Spool } from '../spool/spool.ts'
import type { MemoryWatermark } from './memory-watermark.ts'
import type { EnqueuePush, Push, PushOutcome } from './push.ts'
import type { RecentAcceptances } from './recent-acceptances.ts'

export type PushIntake = {
  /**
   * Resolves when Redis, or with SPOOL_DIR this machine's disk, has the push; then WeChat may be answered. Rejects with
   * STORE_UNAVAILABLE otherwise: WeChat pushes again. `within`: how long Redis may take. `plaintext`: what a message
   * was parsed from.
   */
  accept(push: Push, within: TimeBound, plaintext?: Buffer): Promise<PushOutcome>
}

export type PushIntakeDeps = {
  memory: Pick<MemoryWatermark, 'assertRoomFor'>
  enqueue: EnqueuePush
  recent: Pick<RecentAcceptances, 'note'>
  unsubscribed: Pick<UnsubscribedEvents, 'note'>
  /** undefined: without SPOOL_DIR. */
  spool?: Pick<Spool, 'keep' | 'isHolding' | 'isPassable' | 'drainInto'> | undefined
  platforms: ReadonlyMap<string, { subscriptions: Pick<Subscriptions, 'known' | 'all'> }>
}

/** One per process, for all platforms. */
export function createPushIntake(deps: PushIntakeDeps): PushIntake {
  const { memory, enqueue, recent, unsubscribed, spool, platforms } = deps
  spool?.drainInto(enqueueAndNote)

  const acceptWith =
    (disk: NonNullable<typeof spool>): PushIntake['accept'] =>
    async (push, within, plaintext) => {
      if (!disk.isHolding(push.kind)) {
        try {
          await assertNothingBefore(push, disk)
          return await enqueueAndNote(push, within, plaintext)
        } catch (error) {
          if (!isStoreAway(error)) throw error
        }
      }
      await disk.keep(push)
      return 'accepted'
    }

  async function enqueueAndNote(push: Push, within?: TimeBound, plaintext?: Buffer): Promise<PushOutcome> {
    memory.assertRoomFor(push.kind === 'message' ? 'messages' : 'control')
    const outcome = await enqueue(push, within)
    if (push.kind !== 'release-check') recent.note(push, plaintext)
    if (push.kind === 'message' && hasNoSubscriber(push.platform)) unsubscribed.note(push.platform)
    return outcome
  }

  /** When a subscription orders an account's events, a push must not overtake those in the spool. */
  async function assertNothingBefore(push: Push, { isPassable }: Pick<Spool, 'isPassable'>): Promise<void> {
    if (push.kind !== 'message') return
    const subscriptions = await platforms.get(push.platform)?.subscriptions.all()
    if (!subscriptions || !hasOrder(subscriptions, push.event.authorizerappid) || (await isPassable('message'))) return
    throw new GatewayError('STORE_UNAVAILABLE', 'earlier pushes of the account wait for the store', { retry: true })
  }

  /** By this process' cached subscriptions, without a Redis command. */
  function hasNoSubscriber(platform: string): boolean {
    const known = platforms.get(platform)?.subscriptions.known()
    return known !== undefined && !known.some(({ enabled }) => enabled)
  }

  return { accept: spool ? acceptWith(spool) : enqueueAndNote }
}
