// A Redis client whose time-outs fire because Redis is silent, not because this process got no CPU.
import { createPatientRedis, installedVersion, KNOWN_VERSIONS, versionGap } from '@wxgw/redis'
import t from 'tap'
import { startRedis } from '../../helpers/redis-server.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'

type Tap = { teardown(run: () => unknown): void }

const FAIL_FAST = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  retryStrategy: () => 20,
}
const TIMEOUTS = { commandTimeoutMs: 200, socketTimeoutMs: 400 }

/** `version`: of ioredis. Default: ours runs, whatever is installed. */
async function connectTo(port: number, t: Tap, version = KNOWN_VERSIONS.ioredis) {
  const redis = createPatientRedis({ port, ...FAIL_FAST }, TIMEOUTS, version)
  redis.on('error', () => {
    // Emitted for the closed connection.
  })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  return redis
}

async function start(t: Tap) {
  const server = await startRedis()
  t.teardown(() => server.stop())
  return server
}

void t.test('the time-outs are made for the ioredis that is installed', async (t) => {
  t.equal(
    installedVersion('ioredis'),
    KNOWN_VERSIONS.ioredis,
    'ioredis was raised: when the tests below pass, and its Redis.sendCommand and Command were read, set KNOWN_VERSIONS (driver-versions.ts)',
  )
  t.equal(versionGap('ioredis'), undefined)
  t.match(versionGap('ioredis', '6.1.0'), /^ioredis 6\.1\.0 is installed, .*made for 6/)
})

void t.test('an answer that came while the process stood still is an answer', async (t) => {
  const redis = await connectTo((await start(t)).port, t)
  const answers = Promise.all(Array.from({ length: 20 }, () => redis.ping()))
  // What is written leaves the process first.
  await new Promise(setImmediate)
  standStill(500)
  t.equal((await answers).length, 20)
  t.equal(redis.status, 'ready', 'and the connection stays open')
})

void t.test('a frozen Redis fails a command, then the connection, as time-outs of ioredis do', async (t) => {
  const server = await start(t)
  const clients = { ours: await connectTo(server.port, t), theirs: await connectTo(server.port, t, 'another version') }
  process.kill(server.pid(), 'SIGSTOP')
  const startedAt = performance.now()
  const elapsedMs = startStopwatch()
  await Promise.all(
    Object.entries(clients).map(async ([whose, redis]) => {
      await t.rejects(redis.ping(), { message: 'Command timed out' }, whose)
      t.ok(performance.now() - startedAt >= 190, `${whose}: not before`)
      t.ok(elapsedMs() < 1_500, `${whose}: in time`)
      await until(`${whose}: the connection is closed`, () => redis.status !== 'ready')
      t.ok(performance.now() - startedAt >= 390, `${whose}: not before`)
      t.ok(elapsedMs() < 3_000, `${whose}: in time`)
    }),
  )
  process.kill(server.pid(), 'SIGCONT')
  for (const [whose, redis] of Object.entries(clients)) {
    await until(`${whose}: connected again`, async () => (await redis.ping().catch(() => '')) === 'PONG')
  }
})

function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
