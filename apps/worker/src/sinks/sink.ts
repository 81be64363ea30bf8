// Owns: the port of the sinks. Each kind of sink has its own file; delivery/attempt/judge-attempt.ts judges the
// results.
import type { DeliveryResult, GatewayEvent, Sink, Subscription } from '@wxgw/contracts'
import type { StopSignal } from '@wxgw/wechat-core'

export type SinkRequest = {
  subscription: Subscription
  event: GatewayEvent
  /** The event as JSON, serialized once for all sinks. */
  body: string
  /** The same for every attempt at this delivery. A replay has another one. */
  deliveryId: string
  /**
   * Aborted when the process stops and, of a webhook, at the end of the attempt's time, with a reason named
   * `TimeoutError`.
   */
  signal: StopSignal
}

/** Resolves with the result of the attempt. Rejects only when a fault of our own prevented the attempt. */
export type SinkPort = { deliver(request: SinkRequest): Promise<DeliveryResult> }

export type Sinks = Record<Sink['kind'], SinkPort>

/** A sink got a subscription of another kind: a mistake in the wiring. */
export function wrongSink(expected: Sink['kind'], actual: Sink['kind']): Error {
  return new Error(`a ${actual} subscription reached the ${expected} sink`)
}
