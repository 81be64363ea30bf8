// Owns: `npm run wxgw -- release-check --url https://host`: runs WeChat's release check (全网发布检测) against a deployment,
// with its own keys. The steps are in release-check-steps.mjs; docs/operations.md describes it.
import { parseArgs } from 'node:util'
import { bootstrap } from '../bootstrap.mjs'
import { hintOf } from './release-check-hints.mjs'
import { checkUrls, runIngressSteps, runAllSteps } from './release-check-steps.mjs'
import { say } from '../run-command.mjs'

const USAGE = `npm run wxgw -- release-check --url https://host [--platform open1] [--group 1..5] [--api-port 9000 [--api-host 0.0.0.0]]

Keys are those of the deployment: WX_* or CONFIG_FILE, from the environment or .env.
Without --api-port nothing is changed at the deployment: it may be live. With it, this command plays api.weixin.qq.com, too:
the deployment must have been started with WX_API_BASE_URL pointing here, and must not be live.`

export async function main(args) {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  const options = readOptions(args)
  if (!options) return 2
  await bootstrap({ projects: ['apps/simulator', 'packages/runtime'] })
  const platform = await readPlatform(options.platform)
  if (!platform) return 2
  const { startSimulator, TEST_GROUPS } = await import(new URL('../../apps/simulator/dist/index.js', import.meta.url))
  const base = `${options.url}/apis/v1/wx/${platform.id}`
  const simulator = await startSimulator({
    component: {
      appId: platform.componentAppId,
      appSecret: platform.componentAppSecret.reveal(),
      token: platform.token.reveal(),
      encodingAesKey: platform.encodingAesKey.reveal(),
    },
    eventUrl: `${base}/event`,
    callbackUrl: `${base}/$APPID$/callback`,
    // No retries: WeChat's own check takes the first answer, too.
    attempts: 1,
    host: options.apiHost,
    port: options.apiPort ?? 0,
  })
  try {
    const context = { simulator, base, token: platform.token.reveal() }
    const groups = options.group === undefined ? TEST_GROUPS.map((_, index) => index + 1) : [options.group]
    let failed = report(await checkUrls(context))
    // Stops here: unreachable, or with another Token, all other steps fail for the same reason.
    if (failed > 0) groups.length = 0
    for (const group of groups) {
      process.stdout.write(`\nGroup ${group}\n`)
      const accounts = TEST_GROUPS[group - 1]
      failed += report(
        await (options.apiPort === undefined ? runIngressSteps(context, accounts) : runAllSteps(context, group)),
      )
    }
    if (options.apiPort === undefined && failed === 0) {
      process.stdout.write(
        '\nNot checked: the exchange of the code and the message by API. See --api-port in docs/operations.md.\n',
      )
    }
    process.stdout.write(failed === 0 ? '\nThe release check passes.\n' : `\n${failed} steps failed.\n`)
    return failed === 0 ? 0 : 1
  } finally {
    await simulator.close()
  }
}

function report(steps) {
  for (const { name, ok, detail, push } of steps) {
    process.stdout.write(`${ok ? 'ok   ' : 'FAIL '} ${name}: ${detail}\n`)
    if (!ok) process.stdout.write(`      ${hintOf({ name, detail, push })}\n`)
  }
  return steps.filter(({ ok }) => !ok).length
}

function readOptions(args) {
  try {
    const text = { type: 'string' }
    const host = { ...text, default: '127.0.0.1' }
    const { values } = parseArgs({
      args,
      options: { url: text, platform: text, group: text, 'api-port': text, 'api-host': host },
    })
    const url = values.url?.replace(/\/+$/, '')
    const [group, apiPort] = [values.group, values['api-port']].map((value) =>
      value === undefined ? undefined : Number(value),
    )
    const isPort = apiPort === undefined || (Number.isInteger(apiPort) && apiPort > 0 && apiPort < 65_536)
    if (
      url !== undefined &&
      /^https?:\/\//.test(url) &&
      URL.canParse(url) &&
      isPort &&
      [undefined, 1, 2, 3, 4, 5].includes(group)
    ) {
      return { url, group, apiPort, apiHost: values['api-host'], platform: values.platform }
    }
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
    say(error.message)
  }
  say(USAGE)
  return undefined
}

/** Only the platforms' settings: the others may be set on another machine. */
async function readPlatform(id) {
  const { loadConfig, ConfigError } = await import(new URL('../../packages/runtime/dist/index.js', import.meta.url))
  try {
    const env = { ...process.env, ALLOW_UNSEALED: 'true', API_KEYS: `release-check=${'-'.repeat(32)}` }
    const { platforms } = loadConfig({ env })
    const found =
      id === undefined && platforms.length === 1 ? platforms[0] : platforms.find((platform) => platform.id === id)
    if (!found) say(`--platform must be one of ${platforms.map((platform) => platform.id).join(', ')}.`)
    return found
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    say(error.message)
    return undefined
  }
}
