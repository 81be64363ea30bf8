// Owns: the simulator as a process: it reads the environment, prints its URLs and each push, and closes on a signal.
import { optionsFromEnvironment } from './options-from-environment.ts'
import type { PushResult } from './push/pusher.ts'
import { startSimulator, type Simulator } from './simulator.ts'

// Fixed appids: bookmarks and scripts work after a restart.
const ACCOUNTS = [
  { appId: 'wx5151000000000001', userName: 'gh_515100000001', nickName: '演示公众号' },
  { appId: 'wx5151000000000002', userName: 'gh_515100000002', nickName: '演示小程序', isMiniProgram: true },
]

function print(line: string) {
  process.stdout.write(`${line}\n`)
}

function printPush(push: PushResult) {
  const last = push.attempts.at(-1)
  const outcome = push.ok ? 'ok' : (push.skipped ?? last?.detail ?? 'not sent')
  const about = push.appId === undefined ? push.label : `${push.label} ${push.appId}`
  print(`push ${about}: ${outcome}, ${push.attempts.length} x, ${last?.ms ?? 0} ms`)
}

function printUrls({ url, settings }: Simulator) {
  print(`WeChat simulator is up: ${url}/`)
  print(`  for the gateway   WX_API_BASE_URL=${url} WX_MP_BASE_URL=${url} WX_OPEN_BASE_URL=${url}`)
  print(`  component         ${settings.component.appId}`)
  print(`  pushes events to  ${settings.eventUrl ?? 'nowhere'}`)
  print(`  and messages to   ${settings.callbackUrl ?? 'nowhere'}`)
  print(`  control           ${url}/_simulator/state`)
}

async function main() {
  const simulator = await startSimulator({ ...optionsFromEnvironment(process.env), onPush: printPush })
  for (const account of ACCOUNTS) simulator.addAccount(account)
  printUrls(simulator)

  const closeAndExit = () => {
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', closeAndExit)
  process.once('SIGINT', closeAndExit)
}

main().catch((error: unknown) => {
  // An invalid setting needs no stack.
  process.stderr.write(
    `${error instanceof RangeError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exit(1)
})
