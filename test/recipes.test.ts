// Owns: that the webhook receivers of docs/recipes, as they are printed there, take what is signed and refuse what is not.
// Languages that this machine lacks are skipped, saying so.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { freePort } from './helpers/free-port.ts'
import { until } from './helpers/until.ts'

const RECIPES = fileURLToPath(new URL('../../docs/recipes/', import.meta.url))
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
/** A compiler on a busy machine. */
const START_MS = 120_000

type Language = { name: string; file: string; version: string[]; command(file: string, port: number): string[] }

const LANGUAGES: readonly Language[] = [
  { name: 'node', file: 'receiver.mjs', version: ['node', '--version'], command: (file) => ['node', file] },
  { name: 'python', file: 'receiver.py', version: ['python3', '--version'], command: (file) => ['python3', file] },
  { name: 'php', file: 'receiver.php', version: ['php', '--version'], command: (file, port) => ['php', '-S', `127.0.0.1:${port}`, file] },
  { name: 'java', file: 'Receiver.java', version: ['javac', '--version'], command: (file) => ['java', file] },
  { name: 'go', file: 'receiver.go', version: ['go', 'version'], command: (file) => ['go', 'run', file] },
]

for (const language of LANGUAGES) {
  const [command = '', ...args] = language.version
  const skip = spawnSync(command, args).status === 0 ? false : `there is no ${command} here`
  void t.test(`the ${language.name} receiver takes a signed event and refuses everything else`, { skip, timeout: 2 * START_MS }, async (t) => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/hooks`
    const file = join(t.testdir(), language.file)
    writeFileSync(file, runnable(language.name))
    const [program = '', ...parameters] = language.command(file, port)
    // A group of its own: `go run` and `java` have children that outlive a signal to the parent.
    const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: SECRET }
    const receiver = spawn(program, parameters, { env, detached: true, stdio: 'ignore' })
    t.teardown(() => end(receiver))
    await until('the receiver listens', () => post(url, {}, '').then(Boolean, () => false), { timeoutMs: START_MS, everyMs: 50 })

    const body = JSON.stringify({ id: 'e1', type: 'wechat.message.text', data: { Content: '你好 <b>' } })
    const now = new Date()
    const signed = headers('e1', now, body)
    t.equal(await post(url, signed, body), 204, 'what is signed')
    const rotating = { ...signed, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} ${signed['webhook-signature']}` }
    t.equal(await post(url, rotating, body), 204, 'the second of two signatures, while a secret is being replaced')

    t.equal(await post(url, signed, body.replace('e1', 'e2')), 401, 'another body')
    t.equal(await post(url, { ...signed, 'webhook-id': 'e2' }, body), 401, 'another id')
    t.equal(await post(url, headers('e1', new Date(now.getTime() - 600_000), body), body), 401, 'ten minutes old')
    t.equal(await post(url, {}, body), 401, 'unsigned')
    const foreign = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).sign('e1', now, body)
    t.equal(await post(url, { ...signed, 'webhook-signature': foreign }, body), 401, 'signed with another secret')
  })
}

/** The one block of a recipe that is marked as a program: ```language run */
function runnable(name: string): string {
  const text = readFileSync(join(RECIPES, `${name}.md`), 'utf8')
  const found = /^```\w+ run\n([\s\S]*?)^```$/m.exec(text)?.[1]
  if (found === undefined) throw new Error(`docs/recipes/${name}.md has no block marked "run"`)
  return found
}

function headers(id: string, at: Date, body: string) {
  return {
    'content-type': 'application/cloudevents+json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(id, at, body),
  }
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<number> {
  return (await fetch(url, { method: 'POST', headers, body })).status
}

async function end(receiver: ChildProcess): Promise<void> {
  if (receiver.exitCode !== null || receiver.signalCode !== null) return
  const exited = once(receiver, 'exit')
  if (receiver.pid !== undefined) process.kill(-receiver.pid, 'SIGKILL')
  await exited
}
