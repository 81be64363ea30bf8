// Owns: the pause of a loop that runs until it is stopped.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * True once the time is over, false as soon as `signal` is aborted. Takes at least one turn of the event loop. Never
 * rejects.
 */
export async function pause(ms: number, signal: AbortSignal, { ref = true }: { ref?: boolean } = {}): Promise<boolean> {
  try {
    await delay(Math.max(ms, 0), undefined, { signal, ref })
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
