// Owns: waiting for a condition instead of for a time.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Resolves with the first truthy answer of `condition`; rejects, naming `what`, when none came in time: long enough for a machine
 * that is busy with other tests. A shorter or longer `timeoutMs` is what a test promises. `why` says in the end what there is to see.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  {
    timeoutMs = 30_000,
    everyMs = 10,
    why,
  }: { timeoutMs?: number; everyMs?: number; why?: () => string | Promise<string> } = {},
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await condition()
    if (answer) return answer
    if (Date.now() > deadline)
      throw new Error([`waited ${timeoutMs} ms in vain until ${what}`, await why?.()].filter(Boolean).join('\n'))
    await delay(everyMs)
  }
}
