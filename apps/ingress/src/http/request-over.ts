// Owns: noticing that a request is over. The answer's own events are not enough: an answer that is pipelined behind
// another one never closes when the client disconnects.
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * By connection. A client may pipeline any number of requests, and Node warns of many listeners on one socket.
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
