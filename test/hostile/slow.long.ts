// Hostile input that takes its time: slow, silent and many connections, and what timing could tell. `npm run test:chaos -- hostile` only.
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { API_KEY } from '../helpers/gateway.ts'
import { textMessage } from '../apps/ingress/sealed-push.ts'
import { until } from '../helpers/until.ts'
import { nowSeconds } from '../helpers/push-text.ts'
import { AUTHORIZER, parsed, PREFIX, pushBytes, startHostileGateway } from './hostile-gateway.ts'
import { readAnswer, requestBytes, sendBytes } from './raw-http.ts'
import { seededRandom } from './fuzz/mutate.ts'
import { welchT } from './welch-t.ts'

const IDLE_SOCKETS = 5000
const TIMING_SAMPLES = 10_000
/** |t| above it: the two means differ with p < 0.001. */
const MAX_T = 3.3

void t.test('slow, silent and numerous clients are given up, and others do not wait for them', async (t) => {
  const gateway = await startHostileGateway(t)
  const { ports } = gateway
  const pid = gateway.ingresses[0]?.process.child.pid ?? 0
  let ids = 50_000_000_000n
  const push = () =>
    pushBytes(
      `${AUTHORIZER.appId}/callback`,
      gateway.seal(textMessage({ to: AUTHORIZER.userName, createTime: nowSeconds(), msgId: String((ids += 1n)) })),
    )

  async function open(): Promise<Socket> {
    const socket = connect({ port: ports.public, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  /** Byte after byte until the server has enough. */
  async function drip(bytes: Buffer, everyMs: number) {
    const socket = await open()
    const answered = readAnswer(socket, { withinMs: 20_000 })
    let at = 0
    const timer = setInterval(() => {
      if (socket.writable) socket.write(bytes.subarray(at, (at += 1)))
    }, everyMs)
    try {
      return await answered
    } finally {
      clearInterval(timer)
    }
  }

  await t.test('H29 to H32, H36: unfinished requests', async (t) => {
    const head = (rest: string) =>
      `POST ${PREFIX}/event?timestamp=1 HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n${rest}\r\n`
    const write = async (text: string) => {
      const socket = await open()
      if (text !== '') socket.write(text)
      return readAnswer(socket, { withinMs: 12_000 })
    }
    const [short, slowHeaders, slowBody, silent, expecting] = await Promise.all([
      write(`${head('Content-Length: 100\r\n')}abc`),
      drip(requestBytes('GET', '/healthz', { headers: { 'x-a': 'a'.repeat(1000) } }), 400),
      drip(Buffer.from(`${head('Content-Length: 5000\r\n')}${'x'.repeat(5000)}`), 20),
      write(''),
      write(head('Content-Length: 100\r\nExpect: 100-continue\r\n')),
    ])
    t.ok(short.afterMs < 6500 && short.status === 408, `H29: ${short.status} after ${short.afterMs} ms`)
    t.ok(
      slowHeaders.afterMs < 4500 && slowHeaders.status === 408,
      `H30: ${slowHeaders.status} after ${slowHeaders.afterMs} ms`,
    )
    t.ok(slowBody.afterMs < 6500 && slowBody.status === 408, `H31: ${slowBody.status} after ${slowBody.afterMs} ms`)
    t.ok(silent.afterMs < 7000, `H32: ${silent.afterMs} ms`)
    t.ok(expecting.afterMs < 6500, `H36: ${expecting.status} after ${expecting.afterMs} ms`)
    t.match(parsed(slowHeaders.body), { statusCode: 408, code: 'INVALID_REQUEST' })
  })

  await t.test('H35 who never reads the answers is cut off, and what waits for him is bounded', async (t) => {
    const before = residentMb(pid)
    const descriptors = openDescriptors(pid)
    const greedy = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = await open()
        socket.pause()
        socket.write(Buffer.from('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100_000)))
        return socket
      }),
    )
    const startedMs = Date.now()
    await delay(2000)
    const meanwhile = await sendBytes(ports.public, push())
    t.equal(meanwhile.body, 'success')
    // Pipelined requests are parsed in pieces of 64 KiB: four such sockets delay everybody, and a proxy in front passes none on.
    t.ok(meanwhile.afterMs < 5000, `${meanwhile.afterMs} ms`)
    // Who does not read does not see the end either: the gateway's own count tells.
    await until('the gateway has let go of them', () => openDescriptors(pid) < descriptors + greedy.length, {
      timeoutMs: 60_000,
      everyMs: 500,
    })
    t.ok(Date.now() - startedMs < 40_000, `gone after ${Date.now() - startedMs} ms`)
    for (const socket of greedy) socket.destroy()
    const after = residentMb(pid)
    t.ok(after - before < 200, `${Math.round(before)} MB before, ${Math.round(after)} MB after`)
  })

  await t.test(`H33 ${IDLE_SOCKETS} idle sockets of one address`, async (t) => {
    const idle: Socket[] = []
    for (let batch = 0; batch < IDLE_SOCKETS / 250; batch += 1)
      idle.push(...(await Promise.all(Array.from({ length: 250 }, open))))
    const times: number[] = []
    for (let index = 0; index < 200; index += 1) {
      const answer = await sendBytes(ports.public, push())
      t.equal(answer.body, 'success')
      times.push(answer.afterMs)
    }
    const p99 = times.toSorted((left, right) => left - right)[197] ?? 0
    t.ok(p99 <= 200, `p99 ${p99} ms beside them`)
    // A socket that nobody reads from never learns of its end.
    for (const socket of idle) socket.resume()
    await Promise.race([Promise.all(idle.map(closed)), delay(10_000)])
    t.equal(idle.filter(({ destroyed }) => !destroyed).length, 0, 'all of them are gone within ten seconds')
  })

  await t.test('C23, T10: how long a refusal takes does not tell how much of the secret was right', async (t) => {
    const { query, body } = gateway.seal(textMessage({ to: AUTHORIZER.userName, createTime: nowSeconds() }))
    const right = query['msg_signature'] ?? ''
    const other = (digit: string | undefined) => (digit === '0' ? '1' : '0')
    const signed = (msg_signature: string) =>
      pushBytes(
        `${AUTHORIZER.appId}/callback`,
        { query: { ...query, msg_signature }, body },
        { headers: { connection: 'keep-alive' } },
      )
    const keyed = (key: string) =>
      requestBytes('GET', `${PREFIX}/authorizers`, {
        headers: { authorization: `Bearer ${key}`, connection: 'keep-alive' },
      })
    const pairs = [
      [
        'a signature',
        ports.public,
        signed(other(right[0]) + right.slice(1)),
        signed(right.slice(0, -1) + other(right.at(-1))),
      ],
      [
        'a key',
        ports.internal,
        keyed(`${other(API_KEY[0])}${API_KEY.slice(1)}`),
        keyed(`${API_KEY.slice(0, -1)}${other(API_KEY.at(-1))}`),
      ],
    ] as const
    for (const [name, port, first, last] of pairs) {
      const value = welchT(await timings(port, [first, last]))
      t.ok(
        Math.abs(value) < MAX_T,
        `${name} that is wrong at its first or at its last character: t = ${value.toFixed(2)}`,
      )
    }
  })

  await t.test('H51 ten thousand clients that hang up', async (t) => {
    const bytes = push()
    for (let batch = 0; batch < 100; batch += 1) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const socket = await open()
          socket.write(bytes.subarray(0, (index * 37) % (bytes.length - 1)), () => socket.destroy())
          await once(socket, 'close')
        }),
      )
    }
    t.equal((await sendBytes(ports.public, push())).body, 'success')
    const descriptors = openDescriptors(pid)
    t.ok(descriptors < 200, `${descriptors} descriptors are open afterwards`)
  })

  await t.test('and the logs are silent about all of it', async (t) => gateway.assertQuietLogs(t))
})

/**
 * Two requests in turn on one connection, so that whatever disturbs one disturbs the other; in nanoseconds. Which comes first is
 * drawn for each pair: what happens every other time would count for one of them.
 */
async function timings(port: number, requests: readonly [Buffer, Buffer]): Promise<[number[], number[]]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const samples: [number[], number[]] = [[], []]
  const random = seededRandom(1)
  for (let pair = 0; pair < TIMING_SAMPLES; pair += 1) {
    for (const which of random(2) === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const startedAt = process.hrtime.bigint()
      socket.write(requests[which])
      await once(socket, 'data')
      samples[which].push(Number(process.hrtime.bigint() - startedAt))
    }
  }
  socket.destroy()
  return samples
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await once(socket, 'close')
}

/** Of a process, as Linux tells. */
function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024
}

function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
