// Owns: finding a TCP port on the loopback that nobody listens on. Another process may take it before it is used: tests, which run
// several at once, have test/helpers/free-port.ts.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** `wanted` itself when nobody listens on it, else any. */
export async function freePort(wanted = 0) {
  for (const port of [wanted, 0]) {
    const server = createServer()
    const listening = once(server, 'listening')
    server.listen(port, '127.0.0.1')
    try {
      await listening
    } catch (error) {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      continue
    }
    const free = server.address().port
    server.close()
    await once(server, 'close')
    return free
  }
  throw new Error('no free port')
}
