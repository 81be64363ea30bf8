// Owns: that the consumers in examples/ do what they say, run as they are against a real gateway.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textOf } from '@wxgw/simulator'
import { Redis } from 'ioredis'
import t from 'tap'
import { freePort } from './helpers/free-port.ts'
import { startGateway } from './helpers/gateway.ts'
import { until } from './helpers/until.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))
const APP = 'wx00000000000000ac'

void t.test('the Node.js examples', { timeout: 60_000 }, async (story) => {
  const gateway = await startGateway({ env: { REPLY_DEADLINE_MS: '2000' } })
  story.teardown(() => gateway.stop())
  const { simulator, call } = gateway
  simulator.configure({ attempts: 1 })
  simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
  const match = { types: ['wechat.message.*'] }
  // Copied to where the test's own packages are found: what is installed beside an example is its user's business.
  const folder = fileURLToPath(new URL('examples/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')

  function start(t: { teardown(fn: () => unknown): unknown }, name: string, env: Record<string, string>) {
    const file = join(folder, `${name}.mjs`)
    copyFileSync(join(EXAMPLES, name, 'consumer.mjs'), file)
    const child = spawn(process.execPath, [file], { env: { PATH: process.env['PATH'] ?? '', REDIS_URL: gateway.redis.url, ...env } })
    const chunks: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
    t.teardown(() => child.kill('SIGKILL'))
    return { child, output: () => chunks.join('') }
  }

  const answered = async (content: string) => {
    const { reply } = await simulator.sendText(APP, { openId: 'oUSER', content })
    return reply && textOf(reply.fields, 'Content')
  }

  await story.test('webhook: checks the signature, prints, replies, ends on SIGTERM', async (t) => {
    const port = await freePort()
    const sink = { kind: 'webhook', url: `http://127.0.0.1:${port}/` }
    const { body } = await call('PUT', '/subscriptions/hook', { match, sink, reply: true, retry: { scheduleSeconds: [] } })
    const { child, output } = start(t, 'node-webhook', { WEBHOOK_SECRET: String(body.sink?.secret), PORT: String(port) })
    await until('it listens', () => output().includes('listening'))
    t.equal(await answered('你好'), '收到：你好')
    t.match(output(), 'wechat.message.text')
    t.equal((await fetch(sink.url, { method: 'POST', body: '{}' })).status, 401)
    t.equal(await endOf(child), 0)
    await call('DELETE', '/subscriptions/hook')
  })

  await story.test('queue: prints, replies by what the job returns, ends on SIGTERM', async (t) => {
    const { body } = await call('PUT', '/subscriptions/queue', { match, sink: { kind: 'queue' }, reply: true })
    const { child, output } = start(t, 'node-bullmq-queue', { QUEUE: String(body.sink?.queue) })
    await until('it replies', async () => (await answered('再见')) === '收到：再见')
    t.match(output(), 'wechat.message.text')
    t.equal(await endOf(child), 0)
    await call('DELETE', '/subscriptions/queue')
  })

  await story.test('stream: prints, acknowledges, takes over what another member left, ends on SIGTERM', async (t) => {
    const { body } = await call('PUT', '/subscriptions/stream', { match, sink: { kind: 'stream' } })
    const stream = String(body.sink?.stream)
    const redis = new Redis(gateway.redis.url)
    t.teardown(() => redis.disconnect())
    await simulator.sendText(APP, { openId: 'oUSER', content: 'left by another' })
    await until('it is in the stream', async () => (await redis.xlen(stream)) === 1)
    await redis.xgroup('CREATE', stream, 'crm', '0')
    await redis.xreadgroup('GROUP', 'crm', 'crashed', 'COUNT', 10, 'STREAMS', stream, '>')
    const { child, output } = start(t, 'node-stream', { STREAM: stream, GROUP: 'crm', CLAIM_AFTER_MS: '100' })
    await until('it takes over', () => output().includes('left by another'))
    await simulator.sendText(APP, { openId: 'oUSER', content: 'through the stream' })
    await until('it prints', () => output().includes('through the stream'))
    await until('nothing is left unacknowledged', async () => (await redis.xpending(stream, 'crm'))[0] === 0)
    t.equal(await endOf(child), 0)
  })
})

async function endOf(child: ChildProcess): Promise<number | null> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = await exited
  return code
}
