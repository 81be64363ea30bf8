// Owns: the deliveries of ordered subscriptions. They join the order and become jobs, unless nothing of their key is
// pending: then a webhook is called, and a queue or a stream written to, without a job.
import { type DeliveryJob, type GatewayEvent, orderingKey, type Subscription } from '@wxgw/contracts'
import { type DeliveryOrder, type DeliveryQueue, type EventLog, type JoinedPlace, PARKED_MS } from '@wxgw/redis'
import type { StopSignal } from '@wxgw/wechat-core'
import { callChain, type CalledWebhook, type CallInOrderDeps, type Chain, isCallable } from './call-in-order.ts'
import { findWritable, type MayWrite, writeInOrder, type WriteInOrderDeps } from './write-in-order.ts'

export type OrderedDeliveries = {
  /** Appends the deliveries to the order. Safe to repeat. Rejects with STORE_UNAVAILABLE. */
  enqueue(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void>
  /**
   * The same for first deliveries, when only one caller at a time has those of the account. Those whose key has no
   * pending delivery are made at once.
   */
  dispatch(subscription: Subscription, deliveries: readonly DeliveryJob[], options: DispatchOptions): Promise<void>
  /** What Redis may write in the step that records these events of one account. Rejects with STORE_UNAVAILABLE. */
  findWritable(events: readonly GatewayEvent[]): Promise<MayWrite>
  recordInOrder: EventLog['recordInOrder']
  /** The delivery was made by an earlier run, which may have ended with its process. Rejects with STORE_UNAVAILABLE. */
  leave(subscription: Subscription, delivery: Pick<DeliveryJob, 'event' | 'deliveryId'>): Promise<void>
}

/** The place of each delivery when it joined. */
type Joined = ReadonlyMap<DeliveryJob, JoinedPlace | undefined>
type DispatchOptions = { mayWrite: MayWrite; stop: StopSignal }

type OrderedDeliveriesDeps = CallInOrderDeps &
  WriteInOrderDeps & {
    order: Pick<DeliveryOrder, 'join' | 'settle' | 'occupied' | 'hold' | 'leave'>
    events: Pick<EventLog, 'recordInOrder'>
    enqueueDelivery: DeliveryQueue['enqueueDelivery']
  }

export function createOrderedDeliveries(deps: OrderedDeliveriesDeps): OrderedDeliveries {
  const { order, enqueueDelivery, events, directCalls } = deps

  async function enqueue(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void> {
    if (deliveries.length === 0) return
    await addJobs(subscription, deliveries, await join(subscription, deliveries))
  }

  async function join(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<Joined> {
    const places = await order.join(subscription.name, placesOf(subscription, deliveries))
    return new Map(deliveries.map((delivery, index) => [delivery, places[index]]))
  }

  /** Of deliveries that have joined the order. */
  async function addJobs(
    subscription: Subscription,
    deliveries: readonly DeliveryJob[],
    joined: Joined,
  ): Promise<void> {
    if (deliveries.length === 0) return
    const optionsOf = (job: DeliveryJob) => (joined.get(job) === 'behind' ? { delayMs: PARKED_MS } : {})
    await Promise.all(deliveries.map((job) => enqueueDelivery(job, optionsOf(job))))
    await order.settle(subscription.name, placesOf(subscription, deliveries))
  }

  /** Calls the webhook for the keys of which nothing is pending. */
  async function call(
    subscription: CalledWebhook,
    deliveries: readonly DeliveryJob[],
    stop: StopSignal,
  ): Promise<void> {
    const webhook = { subscription: subscription.name, url: subscription.sink.url }
    const joined = await join(subscription, deliveries)
    const add = (added: readonly DeliveryJob[]) => addJobs(subscription, added, joined)
    const all = chainsOf(subscription, deliveries)
    const isAlone = ({ deliveries: [first] }: Chain) => first !== undefined && joined.get(first) === 'alone'
    const [occupied, alone] = [all.filter((chain) => !isAlone(chain)), all.filter(isAlone)]
    const callAll = async (chains: readonly Chain[]) => {
      if (directCalls.speed(webhook) === 'slow') return add(jobsOf(chains))
      await allSettled(
        chains.map(async (chain) => {
          const attempted = await callChain(deps, { subscription, chain, stop })
          await add(chain.deliveries.slice(attempted))
        }),
      )
    }
    // The first call of an unknown webhook shows whether it is quick.
    const probed = directCalls.speed(webhook) === 'unknown' ? 1 : 0
    await allSettled([add(jobsOf(occupied)), callAll(alone.slice(0, probed))])
    await callAll(alone.slice(probed))
  }

  const mayCall = ({ name, sink }: CalledWebhook) =>
    !deps.health.isOpen(name) && directCalls.speed({ subscription: name, url: sink.url }) !== 'slow'

  return {
    enqueue,
    findWritable: (written) => findWritable(deps, written),
    recordInOrder: events.recordInOrder,
    async dispatch(subscription, deliveries, { mayWrite, stop }) {
      const free = deliveries.filter(({ event }) => mayWrite(subscription, event))
      const written = new Set(await writeInOrder(deps, subscription, free))
      const left = deliveries.filter((delivery) => !written.has(delivery))
      if (left.length === 0) return
      if (isCallable(subscription) && mayCall(subscription)) await call(subscription, left, stop)
      else await enqueue(subscription, left)
    },
    async leave(subscription, { event, deliveryId }) {
      await order.leave(subscription.name, { key: keyOf(subscription, event), deliveryId })
    },
  }
}

function placesOf(subscription: Subscription, deliveries: readonly DeliveryJob[]) {
  return deliveries.map(({ event, deliveryId }) => ({ key: keyOf(subscription, event), deliveryId }))
}

function chainsOf(subscription: Subscription, deliveries: readonly DeliveryJob[]): Chain[] {
  const chains = new Map<string, DeliveryJob[]>()
  for (const delivery of deliveries) {
    const key = keyOf(subscription, delivery.event)
    const chain = chains.get(key) ?? []
    chains.set(key, chain)
    chain.push(delivery)
  }
  return [...chains].map(([key, own]) => ({ key, deliveries: own }))
}

function jobsOf(chains: readonly Chain[]): DeliveryJob[] {
  return chains.flatMap(({ deliveries }) => deliveries)
}

/** Waits for all, then rejects as the first that did. */
async function allSettled(tasks: ReadonlyArray<Promise<void>>): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) if (result.status === 'rejected') throw result.reason
}

function keyOf(subscription: Subscription, event: GatewayEvent): string {
  return orderingKey(subscription, event) ?? ''
}
