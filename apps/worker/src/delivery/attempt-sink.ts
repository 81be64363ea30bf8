// Owns: the time that one attempt may take. What its result means is judge-attempt.ts' business.
import type { DeliveryResult } from '@wxgw/contracts'
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
  request: Omit<SinkRequest, 'signal'>,
  stop: AbortSignal,
): Promise<DeliveryResult | Interrupted> {
  if (stop.aborted) return { outcome: 'interrupted' }
  const { sink } = request.subscription
  if (sink.kind !== 'webhook') return sinks[sink.kind].deliver({ ...request, signal: stop })
  // Not AbortSignal.any: on Node 20 it leaks with a signal that lives as long as the process.
  const controller = new AbortController()
  const ending = endOf(controller, sink.timeoutMs, stop)
  try {
    return await Promise.race([sinks.webhook.deliver({ ...request, signal: controller.signal }), ending.ended])
  } finally {
    ending.clear()
  }
}

/** Aborts the controller at the deadline or at the process' end, whichever is first, and tells which it was. */
function endOf(controller: AbortController, timeoutMs: number, stop: AbortSignal) {
  let clear = () => {}
  const ended = new Promise<DeliveryResult | Interrupted>((resolve) => {
    const timer = setTimeout(() => {
      controller.abort(new DeadlineError())
      resolve({ outcome: 'unreachable', reason: 'timeout' })
    }, timeoutMs)
    const onStop = () => {
      controller.abort(stop.reason)
      resolve({ outcome: 'interrupted' })
    }
    stop.addEventListener('abort', onStop)
    clear = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
    }
  })
  return { ended, clear: () => clear() }
}
