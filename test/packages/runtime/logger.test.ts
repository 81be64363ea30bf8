// Owns: what may stand in the log, and that a log nobody reads costs lines, not requests.
import { PassThrough, Writable } from 'node:stream'
import { Secret } from '@wxgw/wechat-core'
import { createLogger, createLogSink, type Log } from '@wxgw/runtime'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import t from 'tap'
import { freePort } from '../../helpers/free-port.ts'

const TOKEN = '92_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrSt'

function recorder(level: 'info' | 'debug' = 'info', nowMs?: () => number) {
  const lines: string[] = []
  const sink = {
    write: (line: string) => void lines.push(line),
    flush: (done: () => void) => done(),
    droppedLines: () => 0,
  }
  const log = createLogger({ level, name: 'ingress', sink, nowMs })
  return {
    log,
    lines,
    text: () => lines.join(''),
    last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}'),
  }
}

void t.test('a line is JSON with the name of the process, the message and the fields', async (t) => {
  const { log, last } = recorder()
  const narrow: Log = log
  narrow.info({ eventId: 'a'.repeat(64), durationMs: 3 }, 'push.received')
  t.match(last(), { level: 30, name: 'ingress', msg: 'push.received', eventId: 'a'.repeat(64), durationMs: 3 })
  narrow.debug({}, 'not.shown')
  t.match(last(), { msg: 'push.received' })
})

void t.test('warnings of one cause are ten a second, and the next one counts those that were left out', async (t) => {
  let now = 0
  const { log, lines, last } = recorder('info', () => now)
  const warn = (route: string) =>
    log.warn({ route, err: Object.assign(new Error('away'), { code: 'STORE_UNAVAILABLE' }) }, 'request.failed')
  for (let count = 0; count < 25; count += 1) warn('/a')
  t.equal(lines.length, 10)
  warn('/b')
  t.equal(lines.length, 11, 'another route is another cause')
  now = 1_000
  warn('/a')
  t.match(last(), { level: 40, route: '/a', leftOut: 15 })
  for (let count = 0; count < 25; count += 1) log.info({}, 'push.received')
  t.equal(lines.length, 37, 'units of work are all there')
})

void t.test('a Secret prints as [secret], wherever it stands', async (t) => {
  const { log, last, text } = recorder()
  log.info({ token: new Secret(TOKEN), nested: { list: [new Secret(TOKEN)] } }, 'x')
  t.match(last(), { token: '[secret]', nested: { list: ['[secret]'] } })
  t.notOk(text().includes(TOKEN))
})

void t.test('of an error only type, code, errcode, message and causes stand in the log', async (t) => {
  const { log, last, text } = recorder()
  const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED', request: { headers: TOKEN } })
  const error = Object.assign(
    new TypeError(`GET https://u:pw@api.example/x?access_token=${TOKEN}&a=b said ${TOKEN}`, { cause }),
    {
      code: 'WECHAT_API_ERROR',
      errcode: 40001,
      command: { name: 'set', args: ['k', TOKEN] },
      options: { headers: { authorization: `Bearer ${TOKEN}` } },
    },
  )
  const allowed = {
    type: 'TypeError',
    code: 'WECHAT_API_ERROR',
    errcode: 40001,
    message: 'GET https://[masked]@api.example/x?[masked] said [masked]',
    cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect failed' },
  }
  log.error({ err: error }, 'a.failed')
  t.strictSame(last()['err'], allowed)
  log.error({ reason: error, list: [{ inner: error }] }, 'under other names, and nested')
  t.strictSame(last()['reason'], allowed)
  t.strictSame(last()['list'], [{ inner: allowed }])
  log.error(error)
  t.strictSame(last()['err'], allowed)
  t.equal(last()['msg'], allowed.message, 'a line without a message of its own')
  log.error({ err: error })
  t.equal(last()['msg'], allowed.message)
  log.child({ err: error }).info({}, 'in the bindings of a child')
  t.strictSame(last()['err'], allowed)
  t.notOk(text().includes(TOKEN))
  t.notOk(text().includes('pw@'))
})

void t.test('stacks are shown from level debug on, their first line masked', async (t) => {
  const { log, last } = recorder('debug')
  log.error({ err: new Error(`no ${TOKEN}`) }, 'a.failed')
  t.match(last(), { err: { stack: /^Error: no \[masked\]\n +at / } })
})

void t.test('what is thrown without being an error is not printed', async (t) => {
  const { log, text } = recorder()
  log.error({ err: Object.assign(Object.create(null), { token: TOKEN, body: TOKEN }) }, 'x')
  t.notOk(text().includes(TOKEN))
})

void t.test('headers, queries, bodies, arguments and job data are redacted, numbers are not', async (t) => {
  const { log, last, text } = recorder()
  log.info(
    {
      headers: { a: TOKEN },
      query: TOKEN,
      job: { data: { a: TOKEN }, args: [TOKEN], id: 'j' },
      Authorization: TOKEN,
      body: 12,
    },
    'x',
  )
  t.match(last(), { job: { id: 'j' }, body: 12 })
  t.notOk(text().includes(TOKEN))
})

void t.test("an ioredis error brings the command's arguments to nobody", async (t) => {
  const { log, text } = recorder('debug')
  const redis = new Redis(await freePort(), '127.0.0.1', {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', (err) => log.error({ err }, 'redis.failed'))
  await redis.set('key', TOKEN).catch((err: unknown) => log.error({ err }, 'store.failed'))
  redis.disconnect()
  t.match(text(), /store\.failed/)
  t.notOk(text().includes(TOKEN))
})

void t.test('Fastify writes through it without the URL of a request', async (t) => {
  const { log, text } = recorder()
  const app = Fastify({ loggerInstance: log })
  t.teardown(() => app.close())
  app.get('/apis/:id', async () => {
    throw new Error(`bad ${TOKEN}`)
  })
  await app.inject(`/apis/1?auth_code=${TOKEN}`)
  t.match(text(), /"route":"\/apis\/:id"/)
  t.match(text(), /"statusCode":500/)
  t.notOk(text().includes(TOKEN))
})

void t.test('a reader that stops reading costs lines, which are counted and told when it reads again', async (t) => {
  const pipe = new PassThrough({ highWaterMark: 64 })
  const sink = createLogSink(pipe, 1000)
  const line = `${'x'.repeat(99)}\n`
  for (let count = 0; count < 100; count += 1) sink.write(line)
  t.ok(sink.droppedLines() >= 85, `${sink.droppedLines()} lines dropped`)
  t.ok(pipe.writableLength <= 1000)

  let received = ''
  pipe.on('data', (chunk: Buffer) => {
    received += chunk.toString()
  })
  await new Promise<void>((resolve) => sink.flush(resolve))
  sink.write(line)
  await new Promise<void>((resolve) => sink.flush(resolve))
  t.match(received, new RegExp(`"droppedLines":${sink.droppedLines()},"msg":"log.dropped"`))
})

void t.test('flushing into a pipe that nobody reads ends all the same', async (t) => {
  const stuck = new Writable({ write() {} })
  const sink = createLogSink(stuck)
  sink.write('line\n')
  await new Promise<void>((resolve) => sink.flush(resolve))
  t.pass()
})

void t.test('a closed stdout swallows the lines', async (t) => {
  const closed = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    },
  })
  const sink = createLogSink(closed)
  const isClosed = new Promise<void>((resolve) => closed.once('close', resolve))
  sink.write('line\n')
  await isClosed
  sink.write('line\n')
  t.equal(sink.droppedLines(), 1)
})
