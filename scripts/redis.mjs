// Owns: a Redis for a command that needs one: the one of REDIS_URL, else a private server, else the embedded one.
// The embedded one keeps nothing and is slow: for the demo, never for tests of crashes, never for production.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../test/dist/helpers/free-port.js'
import { findRedisServer } from './redis-binary.mjs'

/** One that cannot start ends; this is for one that hangs. */
const START_DEADLINE_MS = 120_000
/** Of one answer. A slow machine may need some of it. */
const ANSWER_DEADLINE_MS = 10_000
const START_ATTEMPTS = 3

// The server ends when this process closes its end of the pipe, which it also does by dying, however it dies. The guard ends with the
// server: its process id may soon be another's.
const GUARDED = [
  'exec 3<&0; "$@" </dev/null 3<&- & server=$!; exec 2>/dev/null',
  '{ read -r _; kill -9 "$server"; } <&3 & guard=$!',
  'wait "$server"; code=$?; kill "$guard"; exit "$code"',
].join('\n')

/**
 * Answers `{ url, kind, stop }`, `kind` one of `REDIS_URL`, `redis-server`, `valkey-server`, `embedded`. `stop` may be called twice
 * and leaves nothing behind; of REDIS_URL it stops nothing. `preferEmbedded` passes over a server in PATH, not over REDIS_URL.
 */
export async function provideRedis({ preferEmbedded = false } = {}) {
  const given = process.env.REDIS_URL?.trim()
  if (given) return { url: given, kind: 'REDIS_URL', stop: async () => {} }
  const server = preferEmbedded ? undefined : await findRedisServer()
  return server ? startPrivate(server) : startEmbedded()
}

async function startPrivate({ path, kind }) {
  for (let attempt = 1; ; attempt += 1) {
    const started = await tryPrivate(path)
    if (started) return { ...started, kind }
    // Somebody may have taken the port between our look and the server's.
    if (attempt === START_ATTEMPTS) throw new Error(`${kind} did not start`)
  }
}

async function tryPrivate(path) {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-redis-'))
  const settings = [
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir],
    ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
    ['--maxmemory-policy', 'noeviction', '--loglevel', 'warning'],
  ].flat()
  // In a group of its own: a Ctrl-C at the terminal must not end it before those who use it.
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', path, ...settings], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  child.stdin.on('error', () => {})
  const ended = once(child, 'exit')
  const stop = async () => {
    child.stdin.end()
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  const deadline = Date.now() + START_DEADLINE_MS
  while (child.exitCode === null && Date.now() < deadline) {
    // The answer is ours only when it knows our directory: another server may listen where ours could not.
    if ((await ask(port, 'CONFIG GET dir')).includes(dir)) return { url: `redis://127.0.0.1:${port}`, stop }
    await delay(20)
  }
  await stop()
  return undefined
}

async function startEmbedded() {
  const { createRedisCommandExecutor, RedisServerState, resolveCompatibilityProfile, Resp2Server } =
    await import('js-redis-server/core')
  const profile = resolveCompatibilityProfile()
  const state = new RedisServerState({ databaseCount: 16, compatibility: profile })
  const resp = new Resp2Server({ server: state, executor: createRedisCommandExecutor({ compatibility: profile }) })
  const sockets = new Set()
  resp.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // Its own listen() binds every address of the machine.
  resp.server.listen(0, '127.0.0.1')
  await once(resp.server, 'listening')
  let closing
  const stop = async () => {
    closing ??= resp.close()
    for (const socket of sockets) socket.destroy()
    await closing
  }
  return { url: `redis://127.0.0.1:${resp.server.address().port}`, kind: 'embedded', stop }
}

/** The answer to one command, '' when nobody listens. */
function ask(port, command) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${command}\r\n`))
    socket.setTimeout(ANSWER_DEADLINE_MS, () => socket.destroy())
    socket.once('data', (data) => {
      resolve(data.toString())
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve(''))
  })
}
