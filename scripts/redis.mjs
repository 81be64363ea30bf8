// Owns: a Redis for a command: that of REDIS_URL, else a private server, else an embedded one. The embedded one stores
// nothing on disk and is slow: for the demo only.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../test/dist/helpers/free-port.js'
import { findRedisServer } from './redis-binary.mjs'

/** For a server that hangs: one that cannot start exits. */
const START_DEADLINE_MS = 120_000
const ANSWER_DEADLINE_MS = 10_000
const START_ATTEMPTS = 3

// Kills the server when this process closes its end of the pipe, also by a crash. The guard is killed with the server,
// before the server's process id can be reused.
const GUARDED = [
  'exec 3<&0; "$@" </dev/null 3<&- & server=$!; exec 2>/dev/null',
  '{ read -r _; kill -9 "$server"; } <&3 & guard=$!',
  'wait "$server"; code=$?; kill "$guard"; exit "$code"',
].join('\n')

/**
 * Returns `{ url, kind, stop }`; `kind` is `REDIS_URL`, `redis-server`, `valkey-server` or `embedded`. `stop` is
 * idempotent and removes all files; it does not stop a server of REDIS_URL. `preferEmbedded` ignores servers in PATH.
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
    // Another process may have taken the port meanwhile.
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
  // In its own process group: Ctrl-C in the terminal must not end it before its clients.
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
    // Checks the directory: another server may listen on the port.
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
  // Resp2Server's own listen() binds all addresses.
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

/** The answer to one command; '' when there is no server. */
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
