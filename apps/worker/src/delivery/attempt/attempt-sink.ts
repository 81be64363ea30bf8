// Owns: one call of a sink: its time-out, and the mark of a replay. Its result is judged in judge-attempt.ts.
import type { DeliveryResult } from '@wxgw/contracts'
import { replayOf } from '@wxgw/redis'
import { Stop, type StopSignal } from '@wxgw/wechat-core'
import type { SinkRequest, Sinks } from '../../sinks/sink.ts'

export type Interrupted = { outcome: 'interrupted' }

class DeadlineError extends Error {
  constructor() {
    super('the attempt took too long')
    this.name = 'TimeoutError'
  }
}

/**
 * A webhook's attempt ends after the sink's `timeoutMs`, counted from the resolution of the host to the last byte, even
 * if the sink ignores the signal: `unreachable`, `timeout`. A write to our own Redis has its client's time-out; `stop`
 * does not cut it off, because it might have landed all the same. `stop` aborts when the process ends: a webhook's
 * attempt is then `interrupted`, and is not counted.
 */
export async function attemptSink(
  sinks: Sinks,
  unmarked: Omit<SinkRequest, 'signal'>,
  stop: StopSignal,
): Promise<DeliveryResult | Interrupted> {
  if (stop.aborted) return { outcome: 'interrupted' }
  const request = markReplay(unmarked)
  const { sink } = request.subscription
  if (sink.kind !== 'webhook') return sinks[sink.kind].deliver(withSignal(request, stop))
  const { timeoutMs } = sink
  return new Promise((resolve, reject) => {
    const attempt = new Stop()
    const timer = setTimeout(() => {
      attempt.abort(new DeadlineError())
      settle({ outcome: 'unreachable', reason: 'timeout' })
    }, timeoutMs)
    const onStop = () => {
      attempt.abort(new Error('the attempt is cut off'))
      settle({ outcome: 'interrupted' })
    }
    const leave = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
    }
    const settle = (result: DeliveryResult | Interrupted) => {
      leave()
      resolve(result)
    }
    stop.addEventListener('abort', onStop)
    sinks.webhook.deliver(withSignal(request, attempt)).then(settle, (error: unknown) => {
      leave()
      reject(error)
    })
  })
}

/** Written out, not spread: on the hot path V8 copies a spread slowly. */
function withSignal(request: Omit<SinkRequest, 'signal'>, signal: StopSignal): SinkRequest {
  const { subscription, event, body, deliveryId } = request
  return { subscription, event, body, deliveryId, signal }
}

/** The event keeps its id. Consumers recognize a replay by the attribute `replay`. */
function markReplay(request: Omit<SinkRequest, 'signal'>): Omit<SinkRequest, 'signal'> {
  const replay = replayOf(request.event.id, request.deliveryId)
  if (replay === undefined) return request
  const event = { ...request.event, replay }
  return { ...request, event, body: JSON.stringify(event) }
}
