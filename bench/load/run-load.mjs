// Owns: closed and open loops of requests over connections.
import { createHistogram, round } from './histogram.mjs'
import { openConnection, openConnections } from './http-connection.mjs'

/** Time-out for outstanding answers at the end. */
const GRACE_MS = 5_000

/**
 * Closed loop (no `rate`): each connection sends its next request after its answer. Open loop: `rate` requests a second are
 * due, whatever the server does. Latency counts from the due time, so that a stall counts for every delayed request.
 * `fresh`: a new connection for each request, at most `connections` at once; latency includes connecting.
 * `next(index)` returns the bytes of a request, undefined at the end. `onSent(index, atMs)` is called at each start.
 */
export async function runLoad({ port, connections, durationMs, rate, warmupMs = 0, fresh = false, next, onSent }) {
  const histogram = createHistogram()
  const statuses = {}
  const idle = []
  const due = []
  let failures = 0
  let index = 0
  let open = 0
  let isOver = false
  let measured = 0
  let startedAt = 0
  let measuringFrom = 0
  let finish
  const finished = new Promise((resolve) => (finish = resolve))

  function send(connection, dueAt) {
    const bytes = next(index)
    if (bytes === undefined) {
      stop()
      return
    }
    onSent?.(index, performance.timeOrigin + dueAt)
    index += 1
    connection.dueAt = dueAt
    connection.isBusy = true
    open += 1
    connection.send(bytes)
  }

  function stop() {
    isOver = true
    if (open === 0) finish()
  }

  const started = Array.from({ length: connections }, () => {
    return new Promise((resolve, reject) => {
      const connection = {
        isBusy: false,
        dueAt: 0,
        ...(fresh ? openConnections : openConnection)({
          port,
          onReady: () => resolve(connection),
          onAnswer(status) {
            const now = performance.now()
            open -= 1
            connection.isBusy = false
            statuses[status] = (statuses[status] ?? 0) + 1
            if (connection.dueAt >= measuringFrom) {
              histogram.add(now - connection.dueAt)
              measured += 1
            }
            if (isOver) {
              if (open === 0) finish()
              return
            }
            if (rate === undefined) send(connection, now)
            else if (due.length > 0) send(connection, due.shift())
            else idle.push(connection)
          },
          onEnd(error) {
            failures += 1
            if (connection.isBusy) open -= 1
            reject(error)
            if (isOver && open === 0) finish()
          },
        }),
      }
    })
  })
  const all = await Promise.all(started)

  startedAt = performance.now()
  measuringFrom = startedAt + warmupMs
  let ticker
  if (rate === undefined) {
    for (const connection of all) send(connection, performance.now())
  } else {
    idle.push(...all)
    let planned = 0
    ticker = setInterval(() => {
      const now = performance.now()
      for (; !isOver && startedAt + (planned * 1000) / rate <= now; planned += 1) {
        const dueAt = startedAt + (planned * 1000) / rate
        // Round-robin: the server closes idle connections.
        const connection = idle.shift()
        if (connection === undefined) due.push(dueAt)
        else send(connection, dueAt)
      }
    }, 1)
  }
  const timer = setTimeout(stop, warmupMs + durationMs)
  let graceTimer
  const grace = new Promise((resolve) => {
    graceTimer = setTimeout(resolve, warmupMs + durationMs + GRACE_MS)
  })
  await Promise.race([finished, grace])
  const endedAt = performance.now()
  const elapsedMs = endedAt - measuringFrom
  // Requests that were never sent count with their wait until now: without them an overload would seem faster.
  for (const dueAt of due) if (dueAt >= measuringFrom) histogram.add(endedAt - dueAt)
  clearTimeout(timer)
  clearTimeout(graceTimer)
  clearInterval(ticker)
  for (const connection of all) connection.close()

  return {
    sent: index,
    answered: measured,
    perSecond: round(measured / (elapsedMs / 1000), 0),
    latencyMs: histogram.summary(),
    statuses,
    failures,
    unanswered: open,
    /** Requests that were due and never sent: server or machine were too slow for the rate. */
    behind: due.length,
    elapsedMs: round(elapsedMs, 0),
  }
}
