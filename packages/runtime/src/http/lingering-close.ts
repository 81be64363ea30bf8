// Owns: how a connection ends whose request body was refused unread. Node closes the socket at once, the kernel then
// answers what is still coming with a reset, and many clients lose the answer that was already on its way to them.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How long, and how much, of a refused body is still taken in and thrown away. */
const LINGER_MS = 1000
const LINGER_BYTES = 16 * 1_048_576

/**
 * True when the request has a body that was not read to its end: the answer is to say `Connection: close`, and the
 * connection ends so that the client gets it.
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
