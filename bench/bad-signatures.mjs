// Owns: `npm run bench -- bad-signatures`: a flood of forged pushes beside 100 authentic ones a second. It measures
// the rate of refusals, their cost in Redis, and the latency of the authentic pushes.
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'
import { openConnection } from './load/http-connection.mjs'

const SECONDS = 15
const WARM_UP_SECONDS = 3
const PER_SECOND = 100
const CONNECTIONS = 32

if (isMainThread) await measure()
else flood(workerData)

async function measure() {
  readOptions({})
  await bootstrap()
  const { startGateway } = await import('./stack/gateway.mjs')
  const gateway = await startGateway()
  let sent = 0
  try {
    await gateway.startIngress()
    await gateway.startWorker()
    await gateway.authorize()
    await gateway.call('PUT', '/subscriptions/everything', { sink: { kind: 'stream', maxLength: 10_000 } })
    await rated(WARM_UP_SECONDS)
    const quiet = await rated(SECONDS)

    const idle = await commandsDuring(() => delay(5_000))
    const flooder = await startFlood(gateway.ports.public)
    await delay(1_000)
    const alone = await commandsDuring(async () => {
      await flooder.count()
      await delay(5_000)
      return flooder.count()
    })
    await flooder.count()
    const startedMs = performance.now()
    const beside = await rated(SECONDS)
    const forged = await flooder.count()
    const seconds = (performance.now() - startedMs) / 1000
    await flooder.stop()
    console.log(
      JSON.stringify(
        {
          quiet: summary(quiet),
          underFlood: summary(beside),
          forged: {
            connections: CONNECTIONS,
            perSecond: Math.round(forged.answers / seconds),
            statuses: forged.statuses,
          },
          redis: {
            commandsIn5sIdle: idle.commands,
            commandsIn5sOfFlood: alone.commands,
            refusedMeanwhile: alone.result.answers,
          },
        },
        undefined,
        2,
      ),
    )
  } finally {
    await gateway.stop()
  }

  async function rated(seconds) {
    const pushes = []
    const startedAt = performance.now()
    for (let n = 0; n < seconds * PER_SECOND; n += 1) {
      const waitMs = startedAt + (n * 1_000) / PER_SECOND - performance.now()
      if (waitMs > 1) await delay(waitMs)
      sent += 1
      const msgId = String(9_000_000_000 + sent)
      pushes.push(gateway.simulator.sendText(gateway.account.appId, { openId: `o${sent}`, content: msgId, msgId }))
    }
    return Promise.all(pushes)
  }

  async function commandsDuring(work) {
    const before = await commandCount()
    const result = await work()
    return { commands: (await commandCount()) - before - 1, result }
  }

  async function commandCount() {
    return Number(/total_commands_processed:(\d+)/.exec(await gateway.redis.client.info('stats'))[1])
  }
}

function summary(pushes) {
  const times = pushes.map(({ attempts }) => attempts[0].ms).toSorted((left, right) => left - right)
  const at = (share) => Number(times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(1))
  return {
    pushes: pushes.length,
    succeeded: pushes.filter(({ attempts }) => attempts[0].body === 'success').length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  }
}

// A thread of its own: the flood must not delay the timers of the measurement.
async function startFlood(port) {
  const thread = new Worker(new URL(import.meta.url), { workerData: { port } })
  const next = () =>
    new Promise((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
    })
  return {
    /** Number of answers since the last call. */
    count() {
      const counted = next()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.postMessage('count')
      return counted
    },
    stop: () => thread.terminate(),
  }
}

function flood({ port }) {
  const body = `<xml><ToUserName>gh_bench0000001</ToUserName><Encrypt><![CDATA[${Buffer.alloc(384, 7).toString('base64')}]]></Encrypt></xml>`
  const timestamp = Math.floor(Date.now() / 1000)
  const bytes = Buffer.from(
    `POST /apis/v1/wx/open1/wxbe00000000000001/callback?timestamp=${timestamp}&nonce=1&msg_signature=${'f'.repeat(40)} HTTP/1.1\r\n` +
      `Host: a\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  let answers = 0
  let statuses = {}
  parentPort.on('message', () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort.postMessage({ answers, statuses })
    answers = 0
    statuses = {}
  })
  for (let index = 0; index < CONNECTIONS; index += 1) {
    const connection = openConnection({
      port,
      onReady: () => connection.send(bytes),
      onAnswer: (status) => {
        answers += 1
        statuses[status] = (statuses[status] ?? 0) + 1
        connection.send(bytes)
      },
      onEnd: (error) => {
        throw error
      },
    })
  }
}
