// Owns: how a process ends: order, repetition, deadlines, exit codes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createLifecycle, type Log } from '@wxgw/runtime'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
const nowhere = { on() {}, exit() {} }

function lifecycleAlone(deadlineMs = 1000) {
  return createLifecycle({ log: quiet, deadlineMs, host: nowhere })
}

async function startProcess(t: Test, mode: string) {
  const child = spawn(process.execPath, [new URL('process-under-test.js', import.meta.url).pathname, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = once(child, 'close').then(() => child.exitCode)
  return {
    child,
    ended,
    output: () => output,
    logged: (text: string) => until(`${mode} logs ${text}`, () => output.includes(text)),
  }
}

void t.test('what was started last is stopped first, each after the other', async (t) => {
  const lifecycle = lifecycleAlone()
  const stopped: string[] = []
  lifecycle.onStop('first', () => void stopped.push('first'))
  lifecycle.onStop('second', async () => {
    await Promise.resolve()
    stopped.push('second')
  })
  lifecycle.onStop('third', () => void stopped.push('third'))
  t.equal(await lifecycle.stop('test'), true)
  t.strictSame(stopped, ['third', 'second', 'first'])
})

void t.test('stopping twice stops once', async (t) => {
  const lifecycle = lifecycleAlone()
  let count = 0
  lifecycle.onStop('part', () => void (count += 1))
  const first = lifecycle.stop('test')
  t.equal(lifecycle.stop('again'), first)
  await first
  await lifecycle.stop('and again')
  t.equal(count, 1)
})

void t.test('what is started after the stop is stopped at once', async (t) => {
  const lifecycle = lifecycleAlone()
  await lifecycle.stop('before anything has started')
  let isStopped = false
  lifecycle.onStop('late', () => {
    isStopped = true
  })
  t.ok(isStopped)
  t.ok(lifecycle.signal.aborted)
})

void t.test('whoever hears the abort may register and stop', async (t) => {
  const lifecycle = lifecycleAlone()
  const stopped: string[] = []
  lifecycle.signal.addEventListener('abort', () => {
    lifecycle.onStop('late', () => void stopped.push('late'))
    void lifecycle.stop('from the listener')
  })
  lifecycle.onStop('early', () => void stopped.push('early'))
  t.equal(await lifecycle.stop('test'), true)
  t.strictSame(stopped.toSorted(), ['early', 'late'])
})

void t.test('a part that cannot be stopped does not keep the others', async (t) => {
  const lifecycle = lifecycleAlone()
  let isStopped = false
  lifecycle.onStop('first', () => {
    isStopped = true
  })
  lifecycle.onStop('broken', () => Promise.reject(new Error('no')))
  t.equal(await lifecycle.stop('test'), false)
  t.ok(isStopped)
})

void t.test('a part that takes longer than the deadline is given up', async (t) => {
  const lifecycle = lifecycleAlone(20)
  lifecycle.onStop('stuck', () => new Promise<void>(() => {}))
  t.equal(await lifecycle.stop('test'), false)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  void t.test(`${signal} drains and exits 0`, async (t) => {
    const { child, ended, logged, output } = await startProcess(t, 'clean')
    await logged('"ready"')
    child.kill(signal)
    t.equal(await ended, 0)
    t.match(output(), /draining.*process\.stopped/s, 'the last lines of the log arrive')
  })
}

void t.test('the same signal twice at once, as npm passes on a Ctrl-C, is one signal', async (t) => {
  const { child, ended, logged } = await startProcess(t, 'clean')
  await logged('"ready"')
  child.kill('SIGINT')
  child.kill('SIGINT')
  t.equal(await ended, 0)
})

void t.test('a second signal exits 1 at once', async (t) => {
  const { child, ended, logged } = await startProcess(t, 'stuck')
  await logged('"ready"')
  child.kill('SIGTERM')
  await logged('draining')
  child.kill('SIGINT')
  t.equal(await ended, 1)
})

void t.test('a drain that fails or takes too long exits 1', async (t) => {
  for (const mode of ['slow', 'broken']) {
    const { child, ended, logged } = await startProcess(t, mode)
    await logged('"ready"')
    child.kill('SIGTERM')
    t.equal(await ended, 1, mode)
  }
})

void t.test('an uncaught error is logged without its attached values and ends with code 70', async (t) => {
  for (const mode of ['throw', 'reject']) {
    const { ended, output } = await startProcess(t, mode)
    t.equal(await ended, 70, mode)
    t.match(output(), /"process\.crashed"/)
    t.notMatch(output(), /do-not-show/)
  }
})

void t.test('a start that fails stops what has been started and exits 1', async (t) => {
  const { ended, output } = await startProcess(t, 'fail')
  t.equal(await ended, 1)
  t.match(output(), /no port.*draining/s)
})
