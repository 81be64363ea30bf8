// Whose fault a silence is: that of Redis, or of a process that was not given any time.
import { PatientRedis } from '@wxgw/redis'
import t from 'tap'
import { startRedis } from '../../helpers/redis-server.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'

async function connected(t: Tap) {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const failFast = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 20,
  }
  const redis = new PatientRedis({ port: server.port, ...failFast }, { commandTimeoutMs: 200, lineTimeoutMs: 400 })
  redis.on('error', () => {
    // A line that is given up says so.
  })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  return { server, redis }
}

type Tap = { teardown(run: () => unknown): void }

void t.test('an answer that came while the process stood still is an answer', async (t) => {
  const { redis } = await connected(t)
  const answers = Promise.all(Array.from({ length: 20 }, () => redis.ping()))
  // What is written leaves the process first.
  await new Promise(setImmediate)
  standStill(500)
  t.equal((await answers).length, 20)
  t.equal(redis.status, 'ready', 'and the line is not given up')
})

void t.test('a Redis that is frozen fails a command in time, and loses its line soon after', async (t) => {
  const { server, redis } = await connected(t)
  process.kill(server.pid(), 'SIGSTOP')
  const startedAt = performance.now()
  const elapsedMs = startStopwatch()
  await t.rejects(redis.ping(), { message: 'Command timed out' })
  t.ok(performance.now() - startedAt >= 190, 'not before')
  t.ok(elapsedMs() < 1_500)
  await until('the line is given up', () => redis.status !== 'ready')
  t.ok(performance.now() - startedAt >= 390, 'not before')
  t.ok(elapsedMs() < 3_000)
  process.kill(server.pid(), 'SIGCONT')
  await until('there is another', async () => (await redis.ping().catch(() => '')) === 'PONG')
})

function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
