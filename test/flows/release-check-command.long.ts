// `npm run wxgw -- release-check` against real processes: what passes, what fails and why, and all of it with the API played by
// the command.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'

const SCRIPT = fileURLToPath(new URL('../../../scripts/wxgw.mjs', import.meta.url))

type Verdict = { code: number | null; output: string }

function releaseCheck(
  { component }: Gateway,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Verdict> {
  const keys = {
    WX_COMPONENT_APPID: component.appId,
    WX_COMPONENT_APPSECRET: component.appSecret,
    WX_TOKEN: component.token,
    WX_ENCODING_AES_KEY: component.encodingAesKey,
  }
  // Without what tap would have every child load: the command compiles, and the compiler does not run with it.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, SCRIPT, 'release-check', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...keys, ...env },
  })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output: chunks.join('') }))
  })
}

void t.test('the release check as a command', async (story) => {
  const apiPort = await freePort()
  const gateway = await startGateway({ env: { WX_API_BASE_URL: `http://127.0.0.1:${apiPort}` } })
  story.teardown(() => gateway.stop())
  const url = ['--url', gateway.publicUrl]

  await story.test('passes against a running deployment, and changes nothing there', async (t) => {
    const { code, output } = await releaseCheck(gateway, url)
    t.equal(code, 0, output)
    t.equal(output.match(/^ok/gm)?.length, 2 + 5 * 5)
    t.same((await gateway.call('GET', '/authorizers')).body.items, [])
    t.notMatch(output, new RegExp(gateway.component.token))
  })

  await story.test('says what is wrong', async (t) => {
    const token = await releaseCheck(gateway, url, { WX_TOKEN: 'anotherToken' })
    t.equal(token.code, 1)
    t.match(token.output, 'WX_TOKEN of the deployment is not the one')
    const key = await releaseCheck(gateway, [...url, '--group', '1'], { WX_ENCODING_AES_KEY: 'x'.repeat(43) })
    t.equal(key.code, 1)
    t.match(key.output, 'WX_ENCODING_AES_KEY of the deployment is not the one')
    const platform = await releaseCheck(gateway, url, { WX_PLATFORM_ID: 'other' })
    t.match(platform.output, 'The deployment has no platform of this id')
    const nobody = await releaseCheck(gateway, ['--url', `http://127.0.0.1:${await freePort()}`])
    t.equal(nobody.code, 1)
    t.match(nobody.output, 'Nobody answers there')
    const usage = await releaseCheck(gateway, [])
    t.equal(usage.code, 2)
    t.match(usage.output, '--url')
    const help = await releaseCheck(gateway, ['--help'])
    t.equal(help.code, 0)
    t.match(help.output, /^npm run wxgw -- release-check --url/)
  })

  await story.test('plays the whole of it when the deployment calls its API', async (t) => {
    const { code, output } = await releaseCheck(gateway, [...url, '--group', '3', '--api-port', String(apiPort)])
    t.equal(code, 0, output)
    t.match(output, 'message/custom/send came with the right token and text')
  })
})
