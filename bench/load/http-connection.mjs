// Owns: an HTTP/1.1 connection of the load, with one request at a time, kept alive or opened for each request. It
// writes prepared bytes and reads only the status and the end of the answer: cheaper than an HTTP client, as it shares
// the machine.
import { connect } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = /\r\ncontent-length: *(\d+)/i

/** Calls `onAnswer(status, body)` after each answer, `onEnd(error)` once when the connection is lost. */
export function openConnection({ port, host = '127.0.0.1', onReady, onAnswer, onEnd }) {
  const socket = connect({ port, host, noDelay: true })
  let pending
  let ended = false

  socket.once('connect', onReady)
  socket.on('data', (chunk) => {
    const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk])
    const headEnd = bytes.indexOf(HEAD_END)
    if (headEnd === -1) {
      pending = bytes
      return
    }
    const length = LENGTH.exec(bytes.latin1Slice(0, headEnd))
    if (length === null) {
      socket.destroy(new Error('an answer without content-length'))
      return
    }
    const end = headEnd + HEAD_END.length + Number(length[1])
    if (bytes.length < end) {
      pending = bytes
      return
    }
    pending = undefined
    onAnswer(Number(bytes.latin1Slice(9, 12)), bytes.subarray(headEnd + HEAD_END.length, end))
  })
  const end = (error) => {
    if (ended) return
    ended = true
    onEnd(error)
  }
  socket.once('error', end)
  socket.once('close', () => end(new Error('the server closed the connection')))

  return {
    send: (bytes) => socket.write(bytes),
    close() {
      ended = true
      socket.destroy()
    },
  }
}

/** The same interface, with a new connection for each request, closed after its answer. */
export function openConnections({ port, host, onReady, onAnswer, onEnd }) {
  let current
  process.nextTick(onReady)
  return {
    send(bytes) {
      const connection = openConnection({
        port,
        host,
        onReady: () => connection.send(bytes),
        onAnswer(status) {
          connection.close()
          onAnswer(status)
        },
        onEnd,
      })
      current = connection
    },
    close: () => current?.close(),
  }
}
