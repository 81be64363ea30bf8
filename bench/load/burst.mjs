// Owns: sending all requests at once, each on a connection of its own.
import { openConnection } from './http-connection.mjs'

/** Time-out of the answers. */
const PATIENCE_MS = 15_000

/**
 * Returns for each request the milliseconds, the status (null without an answer), and whether the body was `success`.
 * The connections are open before the clock starts; with `isFresh`, connecting is part of the time.
 */
export async function runBurst({ port, requests, isFresh = false }) {
  let begin
  const begun = new Promise((resolve) => (begin = resolve))
  const ready = []
  const ended = requests.map((bytes) => {
    let isReady
    ready.push(new Promise((resolve) => (isReady = resolve)))
    return isFresh ? begun.then(() => send(bytes)) : send(bytes, { isReady, begun })
  })
  if (!isFresh) await Promise.all(ready)
  begin()
  return Promise.all(ended)

  function send(bytes, held) {
    return new Promise((resolve) => {
      let sentAt = performance.now()
      const end = (status, body) => {
        clearTimeout(timer)
        connection.close()
        resolve({ ms: performance.now() - sentAt, status, isSuccess: body === 'success' })
      }
      const timer = setTimeout(end, PATIENCE_MS, null)
      const connection = openConnection({
        port,
        onReady: async () => {
          if (held) {
            held.isReady()
            await held.begun
            sentAt = performance.now()
          }
          connection.send(bytes)
        },
        onAnswer: (status, body) => end(status, body.toString('latin1')),
        onEnd: () => end(null),
      })
    })
  }
}
