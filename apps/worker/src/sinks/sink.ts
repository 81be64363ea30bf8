// Owns: what a delivery asks of a sink. Each variant has its own file; what its result means is judged in delivery/.
import type { DeliveryResult, GatewayEvent, Sink, Subscription } from '@wxgw/contracts'
import type { StopSignal } from '@wxgw/wechat-core'

export type SinkRequest = {
  subscription: Subscription
  event: GatewayEvent
  /** The event as JSON, serialized once for all sinks. */
  body: string
  /** The same for every attempt at this delivery, another for a replay. */
  deliveryId: string
  /** Aborted when the process stops and, of a webhook, at the end of the attempt's time, with a reason named `TimeoutError`. */
  signal: StopSignal
}

/** Resolves with what came of the attempt. Rejects only when the attempt could not be made through our own fault. */
export type SinkPort = { deliver(request: SinkRequest): Promise<DeliveryResult> }

export type Sinks = Record<Sink['kind'], SinkPort>

/** Thrown when a sink is handed a subscription of another kind: a mistake in the wiring. */
export function wrongSink(expected: Sink['kind'], actual: Sink['kind']): Error {
  return new Error(`a ${actual} subscription reached the ${expected} sink`)
}
