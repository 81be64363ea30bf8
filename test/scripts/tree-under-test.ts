// Owns: a tree with the project's scripts and nothing else real in it: npx and the compiler are stand-ins that write down
// how they were called, the apps are a few lines. For tests of the commands without a network.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { until } from '../helpers/until.ts'

export const SCRIPTS = fileURLToPath(new URL('../../../scripts/', import.meta.url))

const NPX = `#!/usr/bin/env node
const { appendFileSync } = require('node:fs')
appendFileSync('npx.log', JSON.stringify({ args: process.argv.slice(2), NODE_ENV: process.env.NODE_ENV ?? null }) + '\\n')
setTimeout(() => process.exit(process.env.NPX_FAILS ? 7 : 0), 200)
`

const TSC = `${NPX.replace('npx.log', 'tsc.log').replace('NPX_FAILS', 'TSC_FAILS').replace('200', '0')}
require('node:fs').mkdirSync('packages/wechat-core/dist', { recursive: true })
`

const APP = `
const name = import.meta.url.split('/').at(-3)
const exitCode = Number(process.env[name.toUpperCase() + '_EXIT_CODE'] ?? 0)
const drainsForEver = process.env[name.toUpperCase() + '_DRAINS'] !== undefined
let signals = 0
function onSignal() {
  signals += 1
  if (signals > 1) process.exit(1)
  if (drainsForEver) return void console.log(name, 'draining')
  console.log(name, 'drained')
  process.exit(exitCode)
}
process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)
process.on('SIGUSR2', () => process.exit(70))
setInterval(() => {}, 1000)
console.log(name, 'ready', process.pid)
const ends = process.env[name.toUpperCase() + '_ENDS']
if (ends !== undefined) process.exit(Number(ends))
`

export type Started = {
  child: ChildProcess
  /** Exit code, or the name of the signal. */
  ended: Promise<number | string | null>
  output(): string
  printed(text: string | RegExp): Promise<unknown>
}

export type Tree = {
  root: string
  start(script: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Started
  log(name: 'npx' | 'tsc'): Promise<{ args: string[]; NODE_ENV: string | null }[]>
}

export async function createTree(t: Test): Promise<Tree> {
  const root = await mkdtemp(join(tmpdir(), 'wxgw-tree-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  await cp(SCRIPTS, join(root, 'scripts'), { recursive: true })
  const files: Record<string, string> = {
    'package.json': '{"type":"module"}',
    'pnpm-lock.yaml': 'lockfileVersion: 9\n',
    'pnpm-workspace.yaml': 'packages: []\n',
    'bin/npx': NPX,
    'bin/package.json': '{"type":"commonjs"}',
    'node_modules/@typescript/native/package.json': '{"type":"commonjs"}',
    'node_modules/@typescript/native/bin/tsc': TSC,
    'apps/console/package.json': '{}',
    'apps/console/node_modules/vite/bin/vite.js': "require('node:fs').mkdirSync('dist', { recursive: true })",
    'apps/ingress/dist/main.js': APP,
    'apps/worker/dist/main.js': APP,
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  await chmod(join(root, 'bin/npx'), 0o755)

  return {
    root,
    start(script, args = [], env = {}) {
      const path = [join(root, 'bin'), process.env['PATH']].join(delimiter)
      // From elsewhere: no command may rely on where it is started.
      return track(
        t,
        spawn(process.execPath, [join(root, 'scripts', script), ...args], {
          cwd: tmpdir(),
          env: { ...process.env, PATH: path, ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      )
    },
    async log(name) {
      const text = await readFile(join(root, `${name}.log`), 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
  }
}

/** Follows a process and ends it with the test. */
export function track(t: Test, child: ChildProcess): Started {
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const ended = once(child, 'close').then(() => child.exitCode ?? child.signalCode)
  const includes = (text: string | RegExp) => (typeof text === 'string' ? output.includes(text) : text.test(output))
  return {
    child,
    ended,
    output: () => output,
    printed: (text) =>
      until(`it prints ${String(text)}`, () => {
        if (!includes(text) && child.exitCode !== null)
          throw new Error(`ended without printing ${String(text)}: ${output}`)
        return includes(text)
      }),
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
