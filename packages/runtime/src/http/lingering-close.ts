// Owns: closing a connection whose request body was refused unread. Node would close the socket at once; the kernel
// then answers the rest of the body with a reset, and many clients lose the answer that was sent already.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How long, and how many bytes, a refused body is still read and dropped. */
const LINGER_MS = 1000
const LINGER_BYTES = 16 * 1_048_576

/**
 * True when the request has an unread body: the answer must have `Connection: close`, and the connection is closed so
 * that the client still gets the answer.
 */
export function endUnread(raw: IncomingMessage): boolean {
  const announced = raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0
  if (!announced || raw.complete) return false
  lingerOnClose(raw.socket)
  return true
}

/** Half-closes when Node would destroy; the client has at most LINGER_MS to notice. Harmless when called twice. */
function lingerOnClose(socket: Socket): void {
  const limit = socket.bytesRead + LINGER_BYTES
  socket.destroySoon = () => {
    socket.end()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.on('data', () => {
      if (socket.bytesRead > limit) socket.destroy()
    })
    socket.once('close', () => clearTimeout(timer))
  }
}
