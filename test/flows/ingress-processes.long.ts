// Several ingress processes behind one pair of ports: what was acknowledged is delivered whichever is killed, and they end together.
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { startProcess } from '../helpers/process.ts'
import { until } from '../helpers/until.ts'
import { openPushLedger } from './push-ledger.ts'

// Each waits for processes to start and to drain.
t.jobs = 3

const APP_ID = 'wx00000000000000a1'

function linesOf(gateway: Gateway, message: string): Record<string, unknown>[] {
  return gateway.ingresses[0]?.process.logLines().filter(({ msg }) => msg === message) ?? []
}

/** Of those that have started, in that order. */
function pidsOf(gateway: Gateway): number[] {
  return linesOf(gateway, 'process.started').map(({ pid }) => Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

void t.test('two processes serve the ports of one ingress', { buffered: true }, async (story) => {
  const spoolDir = await mkdtemp(join(tmpdir(), 'wxgw-spool-'))
  story.teardown(() => rm(spoolDir, { recursive: true, force: true }))
  const gateway = await startGateway({
    simulator: { attempts: 1 },
    env: { INGRESS_PROCESSES: '2', SPOOL_DIR: spoolDir },
  })
  story.teardown(() => gateway.stop())
  const { acknowledged, push, isDelivered } = await openPushLedger(story, gateway, APP_ID)

  async function metrics(): Promise<string> {
    return (await fetch(`${gateway.internalUrl}/metrics`)).text()
  }

  await story.test('each keeps its own directory of the spool', async (t) => {
    await until('both have started', () => pidsOf(gateway).length === 2)
    t.same((await readdir(spoolDir)).toSorted(), ['00', '01'])
  })

  await story.test('a scrape has the metrics of both, whichever answers it', async (t) => {
    await push(8)
    const text = await metrics()
    t.match(text, /^wxgw_ingress_processes\{process="ingress",slot="supervisor"\} 2$/m)
    for (const slot of ['0', '1', 'supervisor'])
      t.match(text, new RegExp(`^process_cpu_seconds_total\\{.*slot="${slot}"`, 'm'))
    const answers = [...text.matchAll(/^wxgw_http_answers_total\{.*callback".*\} (\d+)$/gm)].map(([, count]) =>
      Number(count),
    )
    t.equal(answers.length, 2, 'connections were dealt out to both')
    t.equal(
      answers.reduce((sum, count) => sum + count, 0),
      8,
    )
    const heads = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    t.equal(new Set(heads).size, heads.length, 'each metric is described once')
  })

  await story.test('one that is killed is started again, and nothing acknowledged is lost', async (t) => {
    const [first = 0] = pidsOf(gateway)
    const pushing = push(100)
    process.kill(first, 'SIGKILL')
    await pushing
    const failures = gateway.simulator.pushes.flatMap(({ attempts }) => attempts.map(({ failure }) => failure))
    t.notOk(failures.includes('timeout'), 'no connection is left without an end')
    await until('another has started', () => pidsOf(gateway).length === 3)
    t.match(linesOf(gateway, 'process.restarting'), [{ endedPid: first, endedBy: 'SIGKILL', delayMs: 100 }])
    const before = acknowledged.size
    await push(10)
    t.equal(acknowledged.size, before + 10)
    t.match(await metrics(), /^wxgw_ingress_restarts_total\{.*\} 1$/m)
  })

  await story.test('both keep pushes while Redis is away, each on its own, and hand them over', async (t) => {
    await gateway.redis.kill()
    const before = acknowledged.size
    await push(20)
    t.equal(acknowledged.size, before + 20)
    await gateway.redis.start()
    t.ok(await until('all that was acknowledged is delivered', isDelivered, { everyMs: 50 }))
  })

  await story.test('SIGTERM drains all of them and exits with 0', async (t) => {
    const pids = pidsOf(gateway)
    t.equal(await gateway.ingresses[0]?.process.end(), 0)
    t.notOk(pids.some(isAlive))
    t.equal(linesOf(gateway, 'process.stopped').filter(({ clean }) => clean === true).length, 3)
  })
})

const WITHOUT_REDIS = {
  REDIS_URL: 'redis://127.0.0.1:1',
  WX_COMPONENT_APPID: 'wx0123456789abcdef',
  WX_COMPONENT_APPSECRET: 'secret',
  WX_TOKEN: 'token',
  WX_ENCODING_AES_KEY: 'a'.repeat(43),
  API_KEYS: `test=${'k'.repeat(32)}`,
  ALLOW_UNSEALED: 'true',
  PUBLIC_HOST: '127.0.0.1',
}

void t.test('what stops one process from starting stops all', { buffered: true }, async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const ingress = startProcess('apps/ingress/dist/main.js', {
    ...WITHOUT_REDIS,
    INGRESS_PROCESSES: '2',
    PUBLIC_PORT: String(port),
    INTERNAL_PORT: '0',
  })
  const [code] = await once(ingress.child, 'exit')
  t.equal(code, 1, ingress.output())
  t.match(ingress.logLines(), [{ msg: 'process.starting' }], 'the settings are logged once')
})

void t.test('by default the process serves by itself', { buffered: true }, async (t) => {
  const internalPort = await freePort()
  const ingress = startProcess('apps/ingress/dist/main.js', {
    ...WITHOUT_REDIS,
    PUBLIC_PORT: '0',
    INTERNAL_PORT: String(internalPort),
  })
  t.teardown(() => ingress.end('SIGKILL'))
  await until('it has started', () => ingress.logLines().some(({ msg }) => msg === 'process.started'))
  t.same([...new Set(ingress.logLines().map(({ pid }) => pid))], [ingress.child.pid], 'no other process logs')
  t.notMatch(await (await fetch(`http://127.0.0.1:${internalPort}/metrics`)).text(), /slot=/)
})
