// Owns: that the demo plays its story without a failed push, stays up, and that the commands it prints work while it does. On a
// newcomer's machine, which has no redis-server: the embedded one has to know whatever the gateway asks of it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { PROJECT_ROOT } from '../helpers/docs.ts'
import { until } from '../helpers/until.ts'

/** It starts six processes, on a busy machine. */
const TIMEOUT_MS = 120_000

void t.test('an unknown option starts nothing, and the known ones are printed', async (t) => {
  const known = { 'demo.mjs': '--once', 'lint.mjs': '--fix', 'test.mjs': '--no-retry' }
  for (const [script, option] of Object.entries(known)) {
    const run = (argument: string) =>
      spawnSync(process.execPath, [`scripts/${script}`, argument], { cwd: PROJECT_ROOT, env: {}, encoding: 'utf8' })
    t.match(run('--unknown'), { status: 1, stdout: '', stderr: `Unknown option '--unknown'. Options: ` }, script)
    t.match(run('--help'), { status: 0, stderr: option }, script)
  }
})

void t.test('the demo that stays up', async (t) => {
  // tap's own loaders, which it gives to children, are nothing for the compiler that the demo may run.
  const start = `unset NODE_OPTIONS; exec '${process.execPath}' scripts/demo.mjs`
  const bin = t.testdir({ node: t.fixture('symlink', process.execPath), sh: t.fixture('symlink', '/bin/sh') })
  const env = { PATH: bin, HOME: process.env['HOME'] ?? '' }
  const demo = collect(spawn('/bin/sh', ['-c', start], { cwd: PROJECT_ROOT, env }))
  const exited = once(demo.child, 'exit')
  // Killed, it would leave its processes behind.
  t.teardown(async () => {
    if (demo.child.exitCode === null) demo.child.kill('SIGTERM')
    await exited
  })
  const over = () => demo.child.exitCode !== null || /keeps running|✗/.test(demo.output())
  await until('it stays up, or fails', over, { timeoutMs: TIMEOUT_MS, everyMs: 50 }).finally(() =>
    t.match(demo.output(), 'keeps running'),
  )
  t.notMatch(demo.output(), '✗')
  t.match(demo.output(), '(embedded')
  const lines = demo
    .output()
    .split('\n')
    .map((line) => line.trim())
  const after = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length)
      .trim() ?? ''
  const settings = after('first')
  t.match(settings, /^export REDIS_URL='redis:/)
  const commandOf = (start: string) => lines.find((line) => line.includes(start))?.replace(/^.*? {2,}/, '') ?? ''
  const run = (command: string) =>
    collect(spawn('sh', ['-c', `${settings}; exec ${command}`], { cwd: PROJECT_ROOT, detached: true }))

  const wanted = ['node examples/node/queue.mjs', 'node examples/node/stream.mjs', 'node examples/node/webhook.mjs']
  const consumers = wanted.map((start) => ({ start, ...run(commandOf(start)) }))
  t.teardown(() => {
    for (const { child } of consumers)
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  })
  await until('the webhook listens', () => consumers[2]?.output().includes('listening'), { timeoutMs: TIMEOUT_MS })
  const sent = spawnSync('sh', ['-c', after('then a message for them')], { encoding: 'utf8' })
  t.match(JSON.parse(sent.stdout), { ok: true })
  for (const { start, output } of consumers) {
    await until(`${start} has the message`, () => output().includes('"你好"'), { timeoutMs: TIMEOUT_MS })
    t.match(output(), 'wechat.message.text', start)
  }
  const answering = run(after('let the webhook answer').replace(/^curl/, 'curl -f'))
  t.same(await once(answering.child, 'close'), [0, null])
  // Every process has the change within a moment.
  const replied = () =>
    spawnSync('sh', ['-c', after('then a message for them')], { encoding: 'utf8' }).stdout.includes('收到：你好')
  await until('the user reads a reply', replied, { timeoutMs: TIMEOUT_MS })
  const tokens = ['a token', 'the same from Redis'].map((name) => run(after(name)))
  await Promise.all(tokens.map(({ child }) => once(child, 'close')))
  const [overHttp, fromRedis] = tokens.map(({ output }) => output().trim())
  t.match(overHttp, /^\S{100,}$/)
  t.equal(fromRedis, overHttp)

  const console = await (await fetch(after('WeChat’s console'))).text()
  t.match(console, 'class="good"')
  t.notMatch(console, 'class="bad"', 'no push and no call was refused')
  demo.child.kill('SIGTERM')
  t.same(await exited, [0, null])
})

function collect(child: ChildProcess): { child: ChildProcess; output(): string } {
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  return { child, output: () => chunks.join('') }
}
