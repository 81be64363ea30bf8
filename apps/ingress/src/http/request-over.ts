// Owns: hearing that a request is over. Its answer alone does not say so: one that waits behind another on the same
// connection never gets that connection when the client goes, and never closes.
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * By connection: a client may send as many requests at once as it likes, and each listener of a socket's own would be
 * warned of.
 */
const waiting = new WeakMap<object, Set<() => void>>()

/** Calls once: when the answer has ended, or its connection is gone. */
export function whenOver({ socket }: IncomingMessage, response: ServerResponse, listener: () => void): void {
  const ofSocket = waiting.get(socket) ?? new Set()
  if (!waiting.has(socket)) {
    waiting.set(socket, ofSocket)
    socket.once('close', () => {
      for (const one of ofSocket) one()
    })
  }
  const over = () => {
    if (ofSocket.delete(over)) listener()
  }
  ofSocket.add(over)
  response.once('close', over)
}
