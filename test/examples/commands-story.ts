// Owns: that the commands and the snippet that the pages show work as they are written, against the gateway of the test.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { codeBlocks, pages, projectText } from '../helpers/docs.ts'
import { freePort } from '../helpers/free-port.ts'
import { API_KEY, type Gateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const execute = promisify(execFile)
/** Of the pages, and of the simulator when it runs by itself. */
const ACCOUNTS = ['wx89abcdef01234567', 'wx5151000000000001', 'wx5151000000000002']

export async function runsCommands(t: Test, gateway: Gateway): Promise<void> {
  const { simulator, component, publicUrl, internalUrl, call } = gateway
  for (const appId of ACCOUNTS) simulator.addAccount({ appId })
  await simulator.authorize('wx89abcdef01234567')
  await until('its token is there', async () => (await call('GET', '/access_token/wx89abcdef01234567')).body.token)
  const { url = '' } = (await call('GET', '/authurl?type=scancode')).body
  const folder = t.testdir({ '.curlrc': 'fail-with-body\nsilent\nshow-error\n' })
  const env = {
    PATH: process.env['PATH'] ?? '',
    CURL_HOME: folder,
    GATEWAY_KEY: API_KEY,
    // The first block of the simulator's page sets it.
    S: `${simulator.url}/_simulator`,
    PRE_AUTH_CODE: new URL(url).searchParams.get('pre_auth_code') ?? '',
  }
  const here = (text: string) =>
    text
      .replaceAll('http://127.0.0.1:3000', publicUrl)
      .replaceAll('http://127.0.0.1:3001', internalUrl)
      .replaceAll('http://127.0.0.1:3010', simulator.url)
      .replaceAll('wxc0de00000000cafe', component.appId)
  let run = 0
  for (const page of pages()) {
    const text = projectText(page)
    const blocks = codeBlocks(text, 'sh').filter((block) => block.includes('curl '))
    const inline = [...text.matchAll(/`(curl [^`\n]+)`/g)].map(([, command = '']) => command)
    for (const command of [...blocks, ...inline]) {
      run += 1
      const outcome = await execute('sh', ['-ec', here(command)], { env }).catch((error: unknown) => error)
      t.notOk(outcome instanceof Error, `${page}: ${command.slice(0, 60)}`, { found: String(outcome) })
    }
  }
  simulator.clearFaults()
  t.ok(run >= 10, 'the pages show commands')
}

/** Against whoever takes every push. */
export async function runsSnippet(t: Test): Promise<void> {
  const [snippet = ''] = codeBlocks(projectText('apps/simulator/README.md'), 'ts')
  const port = await freePort()
  const taker = createServer((_request, response) => response.end('success')).listen(port, '127.0.0.1')
  t.teardown(() => taker.close())
  const program = [
    `import { startSimulator } from '@wxgw/simulator'`,
    `const [eventUrl, callbackUrl, token] = ['http://127.0.0.1:${port}/event', 'http://127.0.0.1:${port}/$APPID$', 'token']`,
    snippet,
  ]
  const file = join(t.testdir(), 'snippet.mjs')
  await writeFile(file, program.join('\n'))
  const child = execFile(process.execPath, [file])
  const errors: string[] = []
  child.stderr?.on('data', (chunk: string) => errors.push(chunk))
  const [code] = await once(child, 'close')
  t.equal(code, 0, errors.join(''))
}
