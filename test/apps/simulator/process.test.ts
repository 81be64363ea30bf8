import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { got } from 'got'
import t from 'tap'
import { freePort } from '../../helpers/free-port.ts'
import { until } from '../../helpers/until.ts'

const MAIN = join(dirname(fileURLToPath(import.meta.resolve('@wxgw/simulator'))), 'main.js')
type Tap = { teardown(fn: () => void): void }

function start(t: Tap, environment: Record<string, string>): { child: ChildProcess; output: () => string } {
  let output = ''
  const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const collect = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  return { child, output: () => output }
}

void t.test('the process prints its URLs, serves, and ends with 0 on SIGTERM', async (t) => {
  const port = String(await freePort())
  const gatewayPort = await freePort()
  const { child, output } = start(t, {
    SIMULATOR_PORT: port,
    GATEWAY_EVENT_URL: `http://127.0.0.1:${gatewayPort}/event`,
    TOKEN_LIFETIME_SECONDS: '60',
    PUSH_ATTEMPTS: '2',
  })
  await until('it prints its URLs', () => output().includes(`WX_API_BASE_URL=http://127.0.0.1:${port}`))
  t.match(await got(`http://127.0.0.1:${port}/_simulator/state`).json(), {
    settings: { tokenLifetimeSeconds: 60, ticketIntervalSeconds: 600, attempts: 2 },
    accounts: [{ isMiniProgram: false }, { isMiniProgram: true }],
  })
  await until('it tells of the failed ticket', () =>
    output().includes('push component_verify_ticket: ECONNREFUSED, 2 x'),
  )
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  t.equal(code, 0)
})

void t.test('wrong settings end the process with every problem named and no value shown', async (t) => {
  const { child, output } = start(t, {
    TOKEN_LIFETIME_SECONDS: 'soon',
    SIMULATOR_PORT: 'x',
    REFRESH_TOKEN_ROTATION: 'sometimes',
  })
  const [code] = await once(child, 'exit')
  t.equal(code, 1)
  t.match(output(), /REFRESH_TOKEN_ROTATION must be/)
  t.match(output(), /TOKEN_LIFETIME_SECONDS must be a whole number/)
  t.match(output(), /SIMULATOR_PORT must be a whole number/)
  t.notMatch(output(), /soon|sometimes| at /)
})
