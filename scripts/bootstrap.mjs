// Owns: installing and building the tree before a command runs. It needs Node.js and npm only.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CONSOLE, consoleHash } from './console/sources.mjs'
import { withLock } from './lock.mjs'
import { ROOT, run, say } from './run-command.mjs'

const PNPM = 'pnpm@12.21.0'
const STAMP = join(ROOT, 'node_modules', '.installed')
const TSC = join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc')
/** Built first: without it, nothing is built yet. */
const FIRST_COMPILED = join(ROOT, 'packages', 'wechat-core', 'dist')
/** Projects that serve the console. */
const WITH_CONSOLE = ['.', 'apps/ingress']
const PEERS = join(ROOT, 'bench', 'peers')
const [MIN_MAJOR, MIN_MINOR] = [20, 19]

/** Its message is printed without a stack: the failed command has printed its own output. */
export class BootstrapError extends Error {}

/** Installs and builds what is missing or outdated. Exits the process on failure. */
export async function bootstrap(options) {
  try {
    await prepare(options)
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
    say(error.message)
    process.exit(1)
  }
}

/** As `bootstrap`, but rejects with a BootstrapError. */
export async function prepare({ projects = ['.'] } = {}) {
  checkNode()
  await withLock(
    lockPath(),
    async () => {
      await ensureInstalled()
      await ensureBuilt(projects)
      if (projects.some((project) => WITH_CONSOLE.includes(project))) await ensureConsole()
    },
    { onWait: () => say('Waiting for another command that installs or builds this tree …') },
  )
}

/** Installs from the lockfile, with development dependencies whatever NODE_ENV is. */
async function ensureInstalled() {
  const wanted = await lockfileHash()
  if ((await readFile(STAMP, 'utf8').catch(emptyWhenGone)) === wanted) return
  say('Installing dependencies …')
  await pnpm(['install', '--frozen-lockfile', '--prod=false'], { what: 'Installing dependencies' })
  await writeFile(STAMP, wanted)
}

/** Installs the packages that only the benchmark needs, from a workspace and lockfile of their own, without their scripts. */
export async function ensurePeers() {
  const installed = join(PEERS, 'node_modules', '.installed')
  const wanted = await hashOf(PEERS, ['pnpm-lock.yaml', 'pnpm-workspace.yaml'])
  if ((await readFile(installed, 'utf8').catch(emptyWhenGone)) === wanted) return
  say('Installing the packages that the benchmark compares with …')
  await pnpm(['--dir', PEERS, 'install', '--frozen-lockfile', '--ignore-scripts'], { what: 'Installing the peers' })
  await writeFile(installed, wanted)
}

/** Compiles the projects and their references, incrementally. */
async function ensureBuilt(projects) {
  if (!existsSync(FIRST_COMPILED)) say('Building, about a minute …')
  await succeed(process.execPath, [TSC, '-b', ...projects], { what: 'Compiling' })
}

/** Builds the console when its sources or the installed packages have changed. */
async function ensureConsole() {
  const stamp = join(CONSOLE, 'dist', '.built')
  const wanted = await consoleHash(await lockfileHash())
  if ((await readFile(stamp, 'utf8').catch(emptyWhenGone)) === wanted) return
  say('Building the console …')
  const vite = join(CONSOLE, 'node_modules', 'vite', 'bin', 'vite.js')
  await succeed(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: CONSOLE, what: 'Building the console' })
  await writeFile(stamp, wanted)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > MIN_MAJOR || (major === MIN_MAJOR && minor >= MIN_MINOR)) return
  throw new BootstrapError(`Node.js ${MIN_MAJOR}.${MIN_MINOR} or newer is needed; this is ${process.versions.node}.`)
}

async function pnpm(args, { what }) {
  // CI=true disables pnpm's prompts.
  const env = { ...process.env, CI: 'true' }
  for (const name of Object.keys(env))
    if (/^(node_env|npm_config_(production|omit|include|only))$/i.test(name)) delete env[name]
  await succeed('npx', ['--yes', PNPM, ...args], { env, what })
}

async function succeed(command, args, { cwd, env, what }) {
  // npx is in node's directory, which PATH may lack when node was started by its full path.
  const path = [process.env.PATH, dirname(process.execPath)].filter(Boolean).join(':')
  const { code } = await run(command, args, {
    cwd,
    env: { ...(env ?? process.env), PATH: path },
    stdout: process.stderr,
  })
  if (code !== 0) throw new BootstrapError(`${what} failed (exit code ${code}).`)
}

// Of the lockfile, pnpm's settings, the platform and the dependencies.
function lockfileHash() {
  return hashOf(ROOT, ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
}

async function hashOf(directory, names) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${PNPM}`)
  for (const name of names) hash.update(await manifestText(directory, name))
  return hash.digest('hex')
}

// Of package.json only the dependencies: a changed script needs no install.
async function manifestText(directory, name) {
  const text = await readFile(join(directory, name), 'utf8')
  if (name !== 'package.json') return text
  const { dependencies = {}, devDependencies = {} } = JSON.parse(text)
  return JSON.stringify({ dependencies, devDependencies })
}

function lockPath() {
  const tree = createHash('sha256').update(ROOT).digest('hex').slice(0, 16)
  return join(tmpdir(), `wxgw-bootstrap-${process.getuid?.() ?? 0}-${tree}.lock`)
}

function emptyWhenGone(error) {
  if (error.code === 'ENOENT') return ''
  throw error
}
