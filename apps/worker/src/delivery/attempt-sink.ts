// Owns: the time that one attempt may take. What its result means is judge-attempt.ts' business.
import type { DeliveryResult, Sink } from '@wxgw/contracts'
import type { SinkRequest, Sinks } from '../sinks/sink.ts'

/** For a write to our own Redis, which its client bounds more tightly. */
const LOCAL_SINK_TIMEOUT_MS = 5_000

export type Interrupted = { outcome: 'interrupted' }

class DeadlineError extends Error {
  constructor() {
    super('the attempt took too long')
    this.name = 'TimeoutError'
  }
}

/**
 * One attempt, ended by the sink's `timeoutMs` (from the name's resolution to the last byte) even if the sink does not heed
 * the signal: `unreachable`, `timeout`. `stop` is the process' end; an attempt cut by it is `interrupted` and counts for nothing.
 */
export async function attemptSink(
  sinks: Sinks,
  request: Omit<SinkRequest, 'signal'>,
  stop: AbortSignal,
): Promise<DeliveryResult | Interrupted> {
  if (stop.aborted) return { outcome: 'interrupted' }
  const { sink } = request.subscription
  // Not AbortSignal.any: on Node 20 it leaks with a signal that lives as long as the process.
  const controller = new AbortController()
  const ending = endOf(controller, timeoutOf(sink), stop)
  try {
    return await Promise.race([sinks[sink.kind].deliver({ ...request, signal: controller.signal }), ending.ended])
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

function timeoutOf(sink: Sink): number {
  return sink.kind === 'webhook' ? sink.timeoutMs : LOCAL_SINK_TIMEOUT_MS
}
