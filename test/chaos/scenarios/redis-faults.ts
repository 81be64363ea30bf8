// Owns: what happens to Redis itself while pushes come: killed, frozen, full, demoted, failing, emptied, without power.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { until } from '../../helpers/until.ts'
import { AUTHORIZER, pushOldTicket } from '../pusher.ts'
import { authorizeOne, readinessOf } from '../rig.ts'
import {
  acknowledgedAgain,
  deliveredAgain,
  type Load,
  type Scenario,
  SLOWEST_ANSWER_MS,
  underLoad,
  untilEnough,
} from '../scenario.ts'

const BALLAST_BYTES = 64 * 1024 * 1024
const refusing = { slowestMs: SLOWEST_ANSWER_MS }

export const redisKilled: Scenario = {
  name: 'redis-killed',
  about: 'kill -9 of Redis, restarted on its AOF, again and again',
  run: (context) =>
    underLoad({ ...refusing, ratePerSecond: context.ratePerSecond }, async (load) => {
      const { gateway, pusher, sinks, fact } = load
      const isEnough = untilEnough(context)
      let kills = 0
      let slowestAgainMs = 0
      do {
        await delay(context.random() * 1_000)
        await gateway.redis.kill()
        kills += 1
        if (kills === 1) await expectRefusals(load)
        await delay(500 + context.random() * 1_000)
        await gateway.redis.start()
        slowestAgainMs = Math.max(slowestAgainMs, await acknowledgedAgain(pusher))
      } while (!isEnough(kills))
      fact('kills', kills)
      fact('acknowledgedAgainMs', slowestAgainMs)
      fact('deliveredAgainMs', await deliveredAgain(sinks))
    }),
}

export const redisDown: Scenario = {
  name: 'redis-down',
  about: 'kill -9 of Redis, which stays away for the whole time and then comes back once',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ ...refusing, ratePerSecond }, async (load) => {
      const { gateway, fact } = load
      await gateway.redis.kill()
      await delay(300)
      await expectRefusals(load)
      await delay(seconds * 1000)
      await gateway.redis.start()
      fact('kills', 1)
      await recover(load)
    }),
}

export const redisFrozen: Scenario = {
  name: 'redis-frozen',
  about: 'SIGSTOP of Redis: nothing answers, nothing is closed',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ ...refusing, ratePerSecond }, async (load) => {
      const { gateway } = load
      const pid = gateway.redis.pid()
      process.kill(pid, 'SIGSTOP')
      try {
        await delay(300)
        await expectRefusals(load)
        await delay(seconds * 1000)
      } finally {
        process.kill(pid, 'SIGCONT')
      }
      await recover(load)
    }),
}

export const redisFull: Scenario = {
  name: 'redis-full',
  about: 'maxmemory reached under noeviction; workers go on, messages are refused at 75 %, tickets are still taken',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ ...refusing, ratePerSecond }, async (load) => {
      const { gateway, pusher, expect, fact } = load
      const redis = direct(load)
      // Buffers of connections come and go: of a few MB they would be a fifth.
      await redis.setrange('{chaos}:ballast', BALLAST_BYTES - 1, ' ')
      const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
      // 80 % full at once.
      await redis.config('SET', 'maxmemory', String(Math.round(used / 0.8)))
      await until('messages are refused', () => (pusher.report().statuses['503'] ?? 0) > 5)
      const ticket = await gateway.simulator.pushTicket()
      expect(ticket.ok, 'a ticket is refused although there is room for it')
      fact('ticketAcceptedAtFourFifths', ticket.ok)
      // Then no room at all.
      await redis.config('SET', 'maxmemory', String(Math.round(used / 2)))
      await delay(1_500)
      await expectRefusals(load)
      await delay(seconds * 1000)
      await redis.config('SET', 'maxmemory', '0')
      await recover(load)
      redis.disconnect()
    }),
}

export const redisReadonly: Scenario = {
  name: 'redis-readonly',
  about: 'Redis becomes a replica with all sockets open, then the master again',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ ...refusing, ratePerSecond }, async (load) => {
      const { gateway, expect } = load
      const redis = direct(load)
      try {
        // A replica that cannot reach its master keeps its data and refuses writes.
        await redis.replicaof('127.0.0.1', 1)
        await delay(300)
        await expectRefusals(load)
        const [ingress] = gateway.ingresses
        const said = ingress ? await readinessOf(ingress) : ''
        expect(said.includes('replica'), 'readiness does not say that Redis is a replica')
        await delay(seconds * 1000)
        await redis.replicaof('NO', 'ONE')
        await recover(load)
      } finally {
        redis.disconnect()
      }
    }),
}

export const redisMisconf: Scenario = {
  name: 'redis-misconf',
  about: 'Redis cannot save and refuses writes with MISCONF',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ ...refusing, ratePerSecond }, async (load) => {
      const redis = direct(load)
      const [, dir = ''] = await redis
        .config('GET', 'dir')
        .then((answer) => (Array.isArray(answer) ? answer.map(String) : []))
      // A directory in the way of the file makes every save fail; root is stopped by nothing less.
      const inTheWay = join(dir, 'dump.rdb')
      await mkdir(join(inTheWay, 'full'), { recursive: true })
      await redis.config('SET', 'save', '3600 1')
      await redis.bgsave()
      await until('Redis refuses with MISCONF', async () => {
        const refusal = await redis.set('{chaos}:probe', '1').then(
          () => '',
          (error: unknown) => String(error),
        )
        return refusal.includes('MISCONF')
      })
      await delay(300)
      await expectRefusals(load)
      await delay(seconds * 1000)
      await redis.config('SET', 'save', '')
      await rm(inTheWay, { recursive: true, force: true })
      await recover(load)
      redis.disconnect()
    }),
}

export const redisEmptied: Scenario = {
  name: 'redis-emptied',
  about: 'FLUSHALL: everything is gone; the ticket, the account and the subscriptions come again',
  run: () =>
    underLoad({ ...refusing, keepsAll: false }, async (load) => {
      const { gateway, sinks, fact, expect } = load
      const redis = direct(load)
      await redis.flushall()
      const [ingress] = gateway.ingresses
      const said = ingress ? await readinessOf(ingress) : ''
      expect(said.includes('ticket'), 'readiness does not say that the ticket is missing')
      const startedAt = performance.now()
      await authorizeOne(gateway)
      await sinks.subscribe()
      fact('tokensAgainMs', Math.round(performance.now() - startedAt))
      const { status } = await gateway.call('GET', `/access_token/${AUTHORIZER.appId}`)
      expect(status === 200, `a token is answered ${status}`)
      fact('deliveredAgainMs', await deliveredAgain(sinks))
      for (const { process: one } of [...gateway.ingresses, ...gateway.workers])
        expect(one.child.exitCode === null, 'a process has ended')
      redis.disconnect()
    }),
}

export const powerCut: Scenario = {
  name: 'power-cut',
  about: 'Redis loses its machine: what was not fsynced is not in the file after the restart',
  async run(context) {
    const shim = await buildPowerCutShim()
    // The server that the next lines start inherits it; no other process is started with this environment.
    process.env['LD_PRELOAD'] = shim.library
    process.env['SYNCED_SIZES_DIR'] = shim.sizesDir
    try {
      return await underLoad(
        { ratePerSecond: context.ratePerSecond ?? 300 },
        async ({ gateway, pusher, sinks, fact }) => {
          const isEnough = untilEnough(context)
          let cuts = 0
          let cutBytes = 0
          const redis = new Redis(gateway.redis.url)
          redis.on('error', () => undefined)
          const [, dir = ''] = await redis
            .config('GET', 'dir')
            .then((answer) => (Array.isArray(answer) ? answer.map(String) : []))
          redis.disconnect()
          do {
            await delay(300 + context.random() * 1_200)
            await gateway.redis.kill()
            cutBytes += await cutToSynced(join(dir, 'appendonlydir'), shim.sizesDir)
            cuts += 1
            await gateway.redis.start()
            await acknowledgedAgain(pusher)
          } while (!isEnough(cuts))
          fact('powerCuts', cuts)
          fact('bytesCutOff', cutBytes)
          fact('deliveredAgainMs', await deliveredAgain(sinks))
        },
      )
    } finally {
      delete process.env['LD_PRELOAD']
      delete process.env['SYNCED_SIZES_DIR']
      await rm(shim.sizesDir, { recursive: true, force: true })
    }
  },
}

const execFileAsync = promisify(execFile)

/** Compiled beside its record of sizes. Needs gcc. */
async function buildPowerCutShim(): Promise<{ library: string; sizesDir: string }> {
  const sizesDir = await mkdtemp(join(tmpdir(), 'wxgw-power-'))
  const library = join(sizesDir, 'synced-sizes.so')
  const source = fileURLToPath(new URL('../../../chaos/synced-sizes.c', import.meta.url))
  await execFileAsync('gcc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'])
  return { library, sizesDir }
}

/** Cuts each append-only file to what its last fdatasync had; answers how many bytes were cut. */
async function cutToSynced(aofDir: string, sizesDir: string): Promise<number> {
  let cut = 0
  for (const name of await readdir(aofDir)) {
    const size = await readFile(join(sizesDir, name), 'utf8').then(Number, () => undefined)
    if (size === undefined) continue
    const path = join(aofDir, name)
    cut += Math.max(0, (await readFile(path)).length - size)
    await truncate(path, size)
  }
  return cut
}

function direct({ gateway }: Load): Redis {
  const redis = new Redis(gateway.redis.url)
  redis.on('error', () => undefined)
  return redis
}

/** Routes of both listeners that need the store: 503, in time, in our shape. */
export async function expectRefusals({ gateway, expect, fact }: Load): Promise<void> {
  const base = `${gateway.ingresses[0]?.publicUrl}/apis/v1/wx/open1`
  const asked = [
    gateway.call('PUT', '/subscriptions/another', { sink: { kind: 'stream' } }),
    gateway.call('POST', '/subscriptions/stream/test'),
    gateway.call('GET', `/access_token/${AUTHORIZER.appId}?force=true`),
    gateway.call('POST', '/authorizers/sync'),
    get(`${base}/authurl?redirectUri=${encodeURIComponent('https://example.com/')}`),
  ]
  const pushing = pushOldTicket({ component: gateway.component, publicUrl: gateway.ingresses[0]?.publicUrl ?? '' })
  const answers = await Promise.all(asked)
  const ticket = await pushing
  fact('ticketRefusedMs', ticket.ms)
  expect(ticket.status === 503, `a ticket was answered ${ticket.status}`)
  const slowest = Math.max(ticket.ms, ...answers.map(({ ms }) => ms))
  fact('slowestRefusalMs', slowest)
  fact('refusals', answers.map(({ status }) => status).join(' '))
  const [put, test, token, sync] = answers
  // A Redis that refuses writes still reads: then a token that has been refreshed a moment ago is the answer.
  const isServed = token?.status === 200
  for (const [what, answer] of Object.entries({ put, test, ...(isServed ? {} : { token }), sync })) {
    expect(
      answer?.status === 503 && answer.body['code'] === 'STORE_UNAVAILABLE',
      `${what} was answered ${answer?.status} ${String(answer?.body['code'])}`,
    )
  }
  expect(slowest <= SLOWEST_ANSWER_MS, `the slowest refusal took ${slowest} ms`)
}

async function get(url: string): Promise<{ status: number; body: Record<string, unknown>; ms: number }> {
  const startedAt = performance.now()
  const response = await fetch(url)
  const body: Record<string, unknown> = JSON.parse(await response.text())
  return { status: response.status, body, ms: Math.round(performance.now() - startedAt) }
}

/**
 * Both are back at work, in figures; the worker within `workingWithinMs`: however long the outage was, a pause that has grown meanwhile
 * would show.
 */
export async function recover(
  { gateway, pusher, sinks, expect, fact }: Load,
  { workingWithinMs = 5_000 } = {},
): Promise<void> {
  const [acknowledgedMs, deliveredMs] = await Promise.all([acknowledgedAgain(pusher), deliveredAgain(sinks)])
  fact('acknowledgedAgainMs', acknowledgedMs)
  fact('deliveredAgainMs', deliveredMs)
  expect(deliveredMs <= workingWithinMs, `the worker was at work again only after ${deliveredMs} ms`)
  for (const member of [...gateway.ingresses, ...gateway.workers]) {
    expect(member.process.child.exitCode === null, 'a process has ended')
    expect((await readinessOf(member)) === 'ready', 'a process is not ready although Redis is')
  }
}
