// Owns: a real Redis server of the test's own, thrown away at the end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

export type RedisServer = {
  url: string
  port: number
  pid(): number
  /** SIGKILL, as a crash. */
  kill(): Promise<void>
  /** Starts it again on the same port and the same data. */
  start(): Promise<void>
  stop(): Promise<void>
}

const BINARY = process.env['TEST_REDIS_SERVER'] ?? 'redis-server'

/** What a long run has left in the append-only file is read before the first answer. */
const LOADED_WITHIN_MS = 60_000

/** Starts a private redis-server with an append-only file, as production has it. */
export async function startRedis(extraArguments: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-redis-'))
  let child: ChildProcess | undefined

  async function start() {
    const started = spawn(
      BINARY,
      [
        ['--port', String(port)],
        ['--bind', '127.0.0.1'],
        ['--dir', dir],
        ['--save', ''],
        ['--appendonly', 'yes'],
        ['--appendfsync', 'everysec'],
        ['--maxmemory-policy', 'noeviction'],
        ['--loglevel', 'warning'],
        extraArguments,
      ].flat(),
      { stdio: 'ignore' },
    )
    child = started
    await until(
      `redis-server listens on ${port}`,
      () => {
        if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`)
        return answersPing(port)
      },
      { timeoutMs: LOADED_WITHIN_MS },
    )
  }

  async function end(signal: NodeJS.Signals) {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    ending.kill(signal)
    await once(ending, 'exit')
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => {
      if (child?.pid === undefined) throw new Error('redis-server is not running')
      return child.pid
    },
    kill: () => end('SIGKILL'),
    start,
    stop: async () => {
      await end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
  })
}
