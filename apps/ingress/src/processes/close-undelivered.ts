// Owns: closing a connection that was sent to a process which was killed before it received it. Node's cluster module
// forgets such a connection: its client would wait for an answer, and the supervisor would keep the socket open for
// ever.
import type { ChildProcess } from 'node:child_process'

/** One per listener is on its way at a time; a few more cost nothing. */
const MAX_REMEMBERED = 8

/**
 * Remembers what was sent last and closes it when the process has ended. What has arrived is closed on this side
 * already, and closing that again does nothing.
 */
export function closeUndelivered(child: ChildProcess): void {
  const lastSent: { close(): void }[] = []
  const send = child.send.bind(child)

  child.send = (...args: unknown[]): boolean => {
    const [, handle] = args
    if (isHandle(handle)) {
      lastSent.push(handle)
      if (lastSent.length > MAX_REMEMBERED) lastSent.shift()
    }
    return Reflect.apply(send, child, args)
  }
  child.once('exit', () => {
    for (const handle of lastSent) handle.close()
  })
}

function isHandle(value: unknown): value is { close(): void } {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function'
}
