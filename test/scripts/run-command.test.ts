// Owns: that a command started by the scripts never outlives them, and neither does what it has started.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { until } from '../helpers/until.ts'
import { isAlive, SCRIPTS, track } from './tree-under-test.ts'

function start(t: Test, shell: string, options: { timeoutMs?: number } = {}) {
  const module = pathToFileURL(join(SCRIPTS, 'run-command.mjs')).href
  const code = `const { run } = await import(process.argv[1]); console.log('code', (await run('sh', ['-c', process.argv[2]], JSON.parse(process.argv[3]))).code)`
  return track(
    t,
    spawn(process.execPath, ['--input-type=module', '-e', code, module, shell, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
}

async function grandchildPid(command: ReturnType<typeof track>): Promise<number> {
  await command.printed(/pid \d+/)
  return Number(/pid (\d+)/.exec(command.output())?.[1])
}

void t.test('the exit code is answered, and what the command left running is ended', async (t) => {
  const command = start(t, 'sleep 60 & echo pid $!; exit 3')
  t.equal(await command.ended, 0)
  t.match(command.output(), /code 3/)
  const pid = await grandchildPid(command)
  await until('the sleeper has ended', () => !isAlive(pid))
})

void t.test('a signal ends the command with all it started, then the script, which tells of it', async (t) => {
  const command = start(t, 'sleep 60 & echo pid $!; wait')
  const pid = await grandchildPid(command)
  command.child.kill('SIGTERM')
  t.equal(await command.ended, 128 + 15)
  await until('the sleeper has ended', () => !isAlive(pid))
})

void t.test('a command that takes too long is killed with all it started', async (t) => {
  const command = start(t, 'sleep 60 & echo pid $!; wait', { timeoutMs: 500 })
  t.equal(await command.ended, 0)
  t.match(command.output(), `code ${128 + 9}`)
  const pid = await grandchildPid(command)
  await until('the sleeper has ended', () => !isAlive(pid))
})
