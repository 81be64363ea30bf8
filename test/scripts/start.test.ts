// Owns: that the processes are started, signalled and ended together as the commands promise.
import t from 'tap'
import { until } from '../helpers/until.ts'
import { createTree, isAlive, type Started } from './tree-under-test.ts'

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

void t.test('npm start ends the other and fails when one fails', async (t) => {
  const tree = await createTree(t)
  const command = tree.start('start.mjs', [], { WORKER_FAILS: 'yes' })
  t.equal(await command.ended, 9)
  t.match(command.output(), /The worker ended with exit code 9/)
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
