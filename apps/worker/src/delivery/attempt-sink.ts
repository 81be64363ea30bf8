// Owns: the time that one attempt may take, and that a replay is marked as one. What its result means is judge-attempt.ts' business.
import type { DeliveryResult } from '@wxgw/contracts'
import { replayOf } from '@wxgw/redis'
import { Stop, type StopSignal } from '@wxgw/wechat-core'
import type { SinkRequest, Sinks } from '../sinks/sink.ts'

export type Interrupted = { outcome: 'interrupted' }

class DeadlineError extends Error {
  constructor() {
    super('the attempt took too long')
    this.name = 'TimeoutError'
  }
}

/**
 * One attempt. A webhook's is ended by the sink's `timeoutMs` (from the name's resolution to the last byte) even if the sink does
 * not heed the signal: `unreachable`, `timeout`. A write to our own Redis is bounded by its client, and seen through when the
 * process ends: cut off, it might have landed all the same. `stop` is the process' end; an attempt cut by it is `interrupted`
 * and counts for nothing.
 */
export async function attemptSink(
  sinks: Sinks,
  asked: Omit<SinkRequest, 'signal'>,
  stop: StopSignal,
): Promise<DeliveryResult | Interrupted> {
  if (stop.aborted) return { outcome: 'interrupted' }
  const request = markReplay(asked)
  const { sink } = request.subscription
  if (sink.kind !== 'webhook') return sinks[sink.kind].deliver({ ...request, signal: stop })
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
    sinks.webhook.deliver({ ...request, signal: attempt }).then(settle, (error: unknown) => {
      leave()
      reject(error)
    })
  })
}

/** The event keeps its id; consumers know a replay by its attribute, from the first delivery on. */
function markReplay(request: Omit<SinkRequest, 'signal'>): Omit<SinkRequest, 'signal'> {
  const replay = replayOf(request.event.id, request.deliveryId)
  if (replay === undefined) return request
  const event = { ...request.event, replay }
  return { ...request, event, body: JSON.stringify(event) }
}
