// Owns: the worst load that a caller with narrow rights can make, from a thread of its own: several loops of each kind
// of expensive request, unthrottled. Cheap requests and those without a key are paced: a flood of them is measured
// elsewhere. It counts the answers.
import { randomBytes } from 'node:crypto'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { openConnection } from './http-connection.mjs'
import { getBytes, postBytes } from './requests.mjs'

const MIB = 1_048_576
/** Delay before a closed connection is opened again. The gateway closes it when it does not read a body. */
const AGAIN_MS = 5
/** Four loops: together 20 a second, or 170 Mbit/s. */
const LARGE_PUSH_EVERY_MS = 200
/** Eight loops: together 400 a second. */
const REFUSED_EVERY_MS = 20

if (!isMainThread) attack(workerData)

/** `own`: an appid of the caller's; `granted`: all of them. `stop` returns the counts. */
export function startAttack(about) {
  const thread = new Worker(new URL(import.meta.url), { workerData: about })
  return {
    stop: () =>
      new Promise((resolve, reject) => {
        thread.once('error', reject)
        thread.once('message', (counts) => void thread.terminate().then(() => resolve(counts)))
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        thread.postMessage('stop')
      }),
  }
}

function attack({ ports, key, own, granted }) {
  const prefix = '/apis/v1/wx/open1'
  const headers = { authorization: `Bearer ${key}` }
  const get = (path) => getBytes({ path: prefix + path, port: ports.internal, headers })
  const match = {
    authorizers: granted,
    types: Array.from({ length: 1_000 }, (_, n) => `wechat.event.${'x'.repeat(80)}${n}`),
  }
  const put = (n) => jsonBytes(`${prefix}/subscriptions/narrow-${n}`, { match, sink: { kind: 'stream' } })
  const counts = {}

  loops('search', { count: 20, port: ports.internal, bytes: get('/events?limit=500') })
  loops('search within a type', {
    count: 10,
    port: ports.internal,
    bytes: get('/events?type=wechat.event.nothing&limit=500'),
  })
  loops('subscriptions', { count: 10, port: ports.internal, bytes: get('/subscriptions?limit=500') })
  loops('authorizers', { count: 10, port: ports.internal, bytes: get('/authorizers?limit=500') })
  loops('dead letters', {
    count: 8,
    port: ports.internal,
    bytes: get('/subscriptions/narrow-0/dead-letters?limit=500'),
  })
  loops('authurl', { count: 8, port: ports.internal, bytes: get('/authurl'), everyMs: REFUSED_EVERY_MS })
  for (let n = 0; n < 4; n += 1) loops('put', { count: 1, port: ports.internal, bytes: put(n) })
  const now = Math.floor(Date.now() / 1000)
  const signed = `timestamp=${now}&nonce=1&msg_signature=${'f'.repeat(40)}`
  const large = `<xml><Encrypt><![CDATA[${randomBytes(((MIB - 64) * 3) / 4).toString('base64')}]]></Encrypt></xml>`
  loops('forged push of 1 MiB', {
    count: 2,
    port: ports.public,
    bytes: push(signed, large),
    everyMs: LARGE_PUSH_EVERY_MS,
  })
  loops('unsigned push of 1 MiB', {
    count: 2,
    port: ports.public,
    bytes: push('', large),
    everyMs: LARGE_PUSH_EVERY_MS,
  })

  parentPort.on('message', () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort.postMessage(counts)
  })

  function push(query, body) {
    return postBytes({ path: `${prefix}/${own}/callback?${query}`, port: ports.public, body })
  }

  function jsonBytes(path, value) {
    const body = JSON.stringify(value)
    return Buffer.from(
      `PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }

  function loops(kind, { count, port, bytes, everyMs = 0 }) {
    counts[kind] = {}
    const note = (what) => (counts[kind][what] = (counts[kind][what] ?? 0) + 1)
    const begin = () => {
      let sentAt = 0
      const send = () => {
        sentAt = performance.now()
        connection.send(bytes)
      }
      const restMs = () => Math.max(0, sentAt + everyMs - performance.now())
      const connection = openConnection({
        port,
        onReady: send,
        onAnswer(status) {
          note(status)
          if (everyMs === 0) send()
          else setTimeout(send, restMs())
        },
        onEnd() {
          note('closed')
          setTimeout(begin, Math.max(AGAIN_MS, restMs()))
        },
      })
    }
    for (let n = 0; n < count; n += 1) begin()
  }
}
