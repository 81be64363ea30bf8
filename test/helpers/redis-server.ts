// Owns: a real Redis server of the test's own, thrown away at the end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { type Certificate } from './certificates.ts'
import { freePort } from './free-port.ts'
import { endWithThisProcess } from './process.ts'
import { until } from './until.ts'

export type RedisServer = {
  url: string
  port: number
  /** Its directory, thrown away with it. */
  dir: string
  pid(): number
  isRunning(): boolean
  /** SIGKILL, as a crash. */
  kill(): Promise<void>
  /** Starts it again on the same port and the same data. */
  start(): Promise<void>
  stop(): Promise<void>
}

const BINARY = process.env['TEST_REDIS_SERVER'] ?? 'redis-server'

const PERSISTENT = [
  ['--save', ''],
  ['--appendonly', 'yes'],
  ['--appendfsync', 'everysec'],
  ['--maxmemory-policy', 'noeviction'],
  // A replica begins at once instead of after five seconds.
  ['--repl-diskless-sync-delay', '0'],
]

/** What a long run has left in the append-only file is read before the first answer. */
const LOADED_WITHIN_MS = 60_000

/** TLS instead of plain TCP. */
export type ServerTls = Certificate & { ca: string; clients: 'any' | 'with a certificate' }

export type RedisServerOptions = {
  /** It serves no plain TCP then. */
  tls?: ServerTls | undefined
  /** A sentinel: the lines of its configuration file, which it rewrites itself. */
  sentinel?: readonly string[] | undefined
  /** Its path, or name in PATH. */
  binary?: string | undefined
}

const directories = new Set<string>()
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** Starts a private redis-server with an append-only file, as production has it. */
export async function startRedis(
  extraArguments: readonly string[] = [],
  { tls, sentinel, binary = BINARY }: RedisServerOptions = {},
): Promise<RedisServer> {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-redis-'))
  directories.add(dir)
  const listening = tls ? await tlsArguments(dir, port, tls) : [['--port', String(port)]]
  // Unless it is named, the bus of a cluster's node takes a port that may be another's.
  const bus = extraArguments.includes('--cluster-enabled') ? ['--cluster-port', String(await freePort())] : []
  const mode = sentinel ? [await writtenTo(dir, 'sentinel.conf', sentinel.join('\n')), '--sentinel'] : []
  let child: ChildProcess | undefined

  async function start() {
    const started = spawn(
      binary,
      [
        mode,
        ...listening,
        ['--bind', '127.0.0.1'],
        ['--dir', dir],
        ...(sentinel ? [] : PERSISTENT),
        ['--loglevel', 'warning'],
        bus,
        extraArguments,
      ].flat(),
      { stdio: 'ignore' },
    )
    endWithThisProcess(started)
    child = started
    await until(
      `redis-server listens on ${port}`,
      () => {
        if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`)
        return answersPing(port, tls)
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
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    port,
    dir,
    pid: () => {
      if (child?.pid === undefined) throw new Error('redis-server is not running')
      return child.pid
    },
    isRunning: () => child !== undefined,
    kill: () => end('SIGKILL'),
    start,
    stop: async () => {
      await end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
      directories.delete(dir)
    },
  }
}

async function tlsArguments(dir: string, port: number, { ca, cert, key, clients }: ServerTls): Promise<string[][]> {
  return [
    ['--port', '0'],
    ['--tls-port', String(port)],
    ['--tls-ca-cert-file', await writtenTo(dir, 'ca.pem', ca)],
    ['--tls-cert-file', await writtenTo(dir, 'server.pem', cert)],
    ['--tls-key-file', await writtenTo(dir, 'server-key.pem', key)],
    ['--tls-auth-clients', clients === 'any' ? 'no' : 'yes'],
    ['--tls-replication', 'yes'],
  ]
}

export async function writtenTo(dir: string, name: string, text: string): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, text)
  return path
}

/** Whether it answers at all: one that wants a password says so. */
function answersPing(port: number, tls: ServerTls | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = () => socket.write('PING\r\n')
    const address = { port, host: '127.0.0.1' }
    const socket = tls
      ? connectTls({ ...address, ca: tls.ca, cert: tls.cert, key: tls.key }, ping)
      : connect(address, ping)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(/^(\+PONG|-NOAUTH|-NOPERM)/.test(data.toString()))
    })
    socket.once('error', () => resolve(false))
  })
}
