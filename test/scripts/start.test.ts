// Owns: that the processes are started, signalled and ended together as the commands promise.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { until } from '../helpers/until.ts'
import { createTree, isAlive, type Started, track } from './tree-under-test.ts'

async function readyPid(command: Started, name: string): Promise<number> {
  await command.printed(new RegExp(`${name} ready \\d+`))
  return Number(new RegExp(`${name} ready (\\d+)`).exec(command.output())?.[1])
}

void t.test('start:ingress is the process itself: SIGTERM to it drains and exits 0', async (t) => {
  const tree = await createTree(t)
  const command = tree.start('start.mjs', ['ingress'])
  t.equal(await readyPid(command, 'ingress'), command.child.pid)
  command.child.kill('SIGTERM')
  t.equal(await command.ended, 0)
  t.match(command.output(), /ingress drained/)
  t.match(await tree.log('tsc'), [{ args: ['-b', 'apps/ingress'] }], 'only what it needs is built')
})

void t.test('npm start passes SIGTERM on to both and exits 0 when both did', async (t) => {
  const tree = await createTree(t)
  const command = tree.start('start.mjs')
  const pids = [await readyPid(command, 'ingress'), await readyPid(command, 'worker')]
  command.child.kill('SIGTERM')
  t.equal(await command.ended, 0)
  t.match(command.output(), /ingress drained/)
  t.match(command.output(), /worker drained/)
  t.notOk(pids.some(isAlive))
})

type Ending = { name: string; other: string; how: string; signal: NodeJS.Signals; code: number; said: string }
const ENDINGS: readonly Ending[] = [
  {
    name: 'worker',
    other: 'ingress',
    how: 'drained by somebody else',
    signal: 'SIGTERM',
    code: 1,
    said: 'exit code 0',
  },
  { name: 'ingress', other: 'worker', how: 'killed', signal: 'SIGKILL', code: 1, said: 'SIGKILL' },
  { name: 'worker', other: 'ingress', how: 'crashed', signal: 'SIGUSR2', code: 70, said: 'exit code 70' },
]

for (const { name, other, how, signal, code, said } of ENDINGS) {
  void t.test(`npm start drains the ${other} and fails when the ${name} is ${how}`, async (t) => {
    const tree = await createTree(t)
    const command = tree.start('start.mjs')
    const [pid, otherPid] = [await readyPid(command, name), await readyPid(command, other)]
    process.kill(pid, signal)
    t.equal(await command.ended, code)
    t.match(command.output(), `The ${name} ended by itself (${said}); the ${other} is ended, too.`)
    t.match(command.output(), `${other} drained`)
    t.notOk(isAlive(otherPid))
  })
}

for (const [variable, code] of [
  ['INGRESS_ENDS', 0],
  ['WORKER_ENDS', 9],
] as const) {
  void t.test(`npm start fails when one of them ends at its start with exit code ${code}`, async (t) => {
    const tree = await createTree(t)
    const command = tree.start('start.mjs', [], { [variable]: String(code) })
    t.equal(await command.ended, code || 1)
    t.match(command.output(), `ended by itself (exit code ${code})`)
  })
}

void t.test('a second signal to npm start goes on to both, so that they need not drain', async (t) => {
  const tree = await createTree(t)
  const command = tree.start('start.mjs', [], { INGRESS_DRAINS: 'for ever', WORKER_DRAINS: 'for ever' })
  const pids = [await readyPid(command, 'ingress'), await readyPid(command, 'worker')]
  command.child.kill('SIGINT')
  await command.printed(/ingress draining[^]*worker draining|worker draining[^]*ingress draining/)
  command.child.kill('SIGINT')
  t.equal(await command.ended, 1)
  t.notOk(pids.some(isAlive))
})

void t.test('npm start fails when one of them cannot drain', async (t) => {
  const tree = await createTree(t)
  const command = tree.start('start.mjs', [], { INGRESS_EXIT_CODE: '1' })
  await Promise.all([readyPid(command, 'ingress'), readyPid(command, 'worker')])
  command.child.kill('SIGTERM')
  t.equal(await command.ended, 1)
})

void t.test('npm start killed outright leaves neither behind', async (t) => {
  const tree = await createTree(t)
  const command = tree.start('start.mjs')
  const pids = [await readyPid(command, 'ingress'), await readyPid(command, 'worker')]
  command.child.kill('SIGKILL')
  await until('both have ended', () => !pids.some(isAlive))
  t.pass()
})

void t.test('an app that does not exist is refused', async (t) => {
  const tree = await createTree(t)
  t.equal(await tree.start('start.mjs', ['console']).ended, 1)
})

void t.test('however the processes are started, their young generation has the same size', async (t) => {
  const SIZE = '--max-semi-space-size=16'
  const root = new URL('../../../', import.meta.url)
  const text = (path: string) => readFile(new URL(path, root), 'utf8')
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(await text('package.json'))
  for (const name of ['start', 'start:ingress', 'start:worker']) t.match(scripts[name], SIZE)
  t.match(await text('Dockerfile'), `NODE_OPTIONS=${SIZE}`)
  t.match(await text('bench/stack/gateway.mjs'), `'${SIZE}'`)
  const tree = await createTree(t)
  const path = [join(tree.root, 'bin'), process.env['PATH']].join(delimiter)
  const command = track(
    t,
    spawn(process.execPath, [SIZE, join(tree.root, 'scripts/start.mjs')], { env: { ...process.env, PATH: path } }),
  )
  const pid = await readyPid(command, 'ingress')
  t.match(await readFile(`/proc/${pid}/cmdline`, 'utf8'), SIZE)
  command.child.kill('SIGTERM')
  await command.ended
})
