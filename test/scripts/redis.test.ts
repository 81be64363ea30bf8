// Owns: which Redis a command is given, that it works for BullMQ, and that it never outlives the command.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { until } from '../helpers/until.ts'
import { SCRIPTS, track } from './tree-under-test.ts'

const PROVIDE = `
const { provideRedis } = await import(process.argv[1])
const redis = await provideRedis(JSON.parse(process.argv[2]))
console.log(JSON.stringify({ url: redis.url, kind: redis.kind }))
process.on('SIGTERM', async () => {
  await redis.stop()
  await redis.stop()
  process.exit(0)
})
setInterval(() => {}, 1000)
`

async function provide(t: Test, options: object, env: NodeJS.ProcessEnv = {}) {
  const module = pathToFileURL(join(SCRIPTS, 'redis.mjs')).href
  const { REDIS_URL: _, ...inherited } = process.env
  const command = track(
    t,
    spawn(process.execPath, ['--input-type=module', '-e', PROVIDE, module, JSON.stringify(options)], {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  await command.printed('}\n')
  const provided: { url: string; kind: string } = JSON.parse(command.output())
  return { ...command, ...provided }
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

async function processOneJob(t: Test, url: string) {
  const connection = { url, maxRetriesPerRequest: null }
  const queue = new Queue('{probe}', { connection })
  t.teardown(() => queue.close())
  const worker = new Worker(
    '{probe}',
    async (job) => (job.attemptsMade === 0 ? Promise.reject(new Error('once more')) : job.data),
    { connection },
  )
  t.teardown(() => worker.close())
  const done = new Promise<unknown>((resolve) => worker.once('completed', (job) => resolve(job.returnvalue)))
  await queue.add(
    'probe',
    { text: '你好' },
    { attempts: 2, backoff: 10, jobId: 'probe-1', deduplication: { id: 'd', ttl: 60_000 } },
  )
  t.strictSame(await done, { text: '你好' })
}

void t.test('REDIS_URL is taken as it is', async (t) => {
  const { url, kind } = await provide(t, {}, { REDIS_URL: 'redis://example.invalid:6379/3' })
  t.strictSame({ url, kind }, { url: 'redis://example.invalid:6379/3', kind: 'REDIS_URL' })
})

void t.test('a private server keeps what it is given and forgets nothing for want of memory', async (t) => {
  const { url, kind } = await provide(t, {})
  t.match(kind, /^(redis|valkey)-server$/)
  const redis = new Redis(url)
  t.teardown(() => redis.disconnect())
  t.strictSame(await redis.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction'])
  t.strictSame(await redis.config('GET', 'appendonly'), ['appendonly', 'yes'])
  t.strictSame(await redis.config('GET', 'bind'), ['bind', '127.0.0.1'])
  await processOneJob(t, url)
})

void t.test('a private server ends with stop', async (t) => {
  const { child, ended, url } = await provide(t, {})
  t.ok(await answers(url))
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  t.notOk(await answers(url))
})

void t.test('a private server ends with the command, however that ends', async (t) => {
  const { child, ended, url } = await provide(t, {})
  child.kill('SIGKILL')
  await ended
  await until('the server has ended', async () => !(await answers(url)))
  t.pass()
})

void t.test('the embedded one serves BullMQ and stops while clients are connected', async (t) => {
  const { child, ended, url, kind } = await provide(t, { preferEmbedded: true })
  t.equal(kind, 'embedded')
  t.match(url, /^redis:\/\/127\.0\.0\.1:/)
  await t.test('a job', (t) => processOneJob(t, url))
  const client = new Redis(url, { retryStrategy: () => null })
  client.on('error', () => {})
  await client.ping()
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})
