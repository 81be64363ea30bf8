// Owns: the programs of examples/: how they are compiled and run with what Debian's packages give, and what they write.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_ROOT } from '../helpers/docs.ts'
import { until } from '../helpers/until.ts'

export type Kind = 'access-token' | 'redis-token' | 'stand-in' | 'queue' | 'stream' | 'webhook'

export type Language = {
  name: string
  /** Why its tests cannot run here; false when they can. */
  skip: string | false
  /** The same of its consumer of a queue, which wants a library that is no package of Debian's. */
  skipQueue?: string | false
  /** Paths relative to the project's root. */
  programs: Readonly<Partial<Record<Kind, string>>>
  /** What programs share. */
  beside?: readonly string[]
  /** Not run: they want a library that is no package of Debian's or npm's. The recipe says so. */
  notRun?: readonly string[]
  /** Compiles all of them into `folder`, where that is not done at each start. */
  build?(folder: string): Promise<unknown>
  /** What is started. */
  command(program: string, place: Place): readonly string[]
}
/** `port` is the one that a webhook is to listen on. */
type Place = { folder: string; port: string | undefined }

type Tap = { teardown(fn: () => Promise<void>): void }
/** `folder` is the one that `buildAll` was given. */
type Settings = {
  language: Language
  kind: Kind
  folder: string
  env: Record<string, string>
  args?: readonly string[]
}
export type Running = {
  child: ChildProcess
  output(): string
  /** As `until`; when the program ends, or the time is over, the error says what it wrote. */
  until<T>(what: string, condition: () => T | Promise<T>): Promise<NonNullable<T>>
  end(signal: NodeJS.Signals): Promise<number | null>
}

const JACKSON = ['databind', 'core', 'annotations'].map((part) => `/usr/share/java/jackson-${part}.jar`).join(':')
const execute = promisify(execFile)
/** Programs start late on a machine that has other things to do. */
const TIMEOUT_MS = 60_000

/** Of a JVM that runs for a second: no optimizing compiler, no threads to collect garbage. */
const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

export const LANGUAGES: readonly Language[] = [
  {
    name: 'node',
    skip: false,
    programs: {
      'access-token': 'examples/node/access-token.mjs',
      'redis-token': 'examples/node/redis-token.mjs',
      'stand-in': 'examples/node/easywechat.mjs',
      queue: 'examples/node/queue.mjs',
      stream: 'examples/node/stream.mjs',
      webhook: 'examples/node/webhook.mjs',
    },
    beside: ['examples/node/connect.mjs', 'examples/node/stand-in.mjs'],
    command: (program) => [process.execPath, program],
  },
  {
    name: 'php',
    skip: missing('php'),
    programs: {
      'access-token': 'examples/php/access_token.php',
      'redis-token': 'examples/php/redis_token.php',
      'stand-in': 'examples/php/stand_in.php',
      stream: 'examples/php/stream.php',
      webhook: 'examples/php/webhook.php',
    },
    beside: ['examples/php/connect.php'],
    notRun: ['examples/php/easywechat.php'],
    command: (program, { port }) =>
      port === undefined ? ['php', program] : ['php', '-S', `127.0.0.1:${port}`, program],
  },
  {
    name: 'python',
    skip: missing('python'),
    skipQueue: succeeds(['/usr/bin/python3', '-c', 'import bullmq'])
      ? false
      : 'install BullMQ for Python: pip install bullmq',
    programs: {
      'access-token': 'examples/python/access_token.py',
      'redis-token': 'examples/python/redis_token.py',
      'stand-in': 'examples/python/stand_in.py',
      queue: 'examples/python/bullmq_queue.py',
      stream: 'examples/python/stream.py',
      webhook: 'examples/python/webhook.py',
    },
    beside: ['examples/python/connect.py'],
    notRun: ['examples/python/wechatpy_client.py'],
    // Debian's own: another in PATH has not its packages.
    command: (program) => ['/usr/bin/python3', program],
  },
  {
    name: 'java',
    skip: missing('java'),
    programs: {
      'access-token': 'examples/java/AccessToken.java',
      'redis-token': 'examples/java/RedisToken.java',
      'stand-in': 'examples/java/StandIn.java',
      stream: 'examples/java/Stream.java',
      webhook: 'examples/java/Webhook.java',
    },
    beside: ['examples/java/Redis.java', 'examples/java/RedisConnection.java'],
    notRun: ['examples/java/GatewayMpService.java'],
    build(folder) {
      const sources = [...Object.values(this.programs), ...(this.beside ?? [])]
      return execute(
        'javac',
        [...QUICK_START.map((flag) => `-J${flag}`), '-Werror', '-Xlint:all', '-d', folder, '-cp', JACKSON, ...sources],
        {
          cwd: PROJECT_ROOT,
        },
      )
    },
    command: (program, { folder }) => [
      'java',
      ...QUICK_START,
      '-cp',
      `${folder}:${JACKSON}`,
      basename(program, '.java'),
    ],
  },
  {
    name: 'go',
    skip: missing('go'),
    programs: {
      'access-token': 'examples/go/access-token/main.go',
      'redis-token': 'examples/go/redis-token/main.go',
      'stand-in': 'examples/go/stand-in/main.go',
      stream: 'examples/go/stream/main.go',
      webhook: 'examples/go/webhook/main.go',
    },
    beside: ['examples/go/connect/connect.go', 'examples/go/standin/standin.go'],
    notRun: ['examples/go/silenceper/main.go', 'examples/go/powerwechat/main.go'],
    // As the module `consumer` that their heads speak of, with the packages that Debian has as sources.
    async build(folder) {
      await mkdir(join(folder, 'src'))
      await symlink(join(PROJECT_ROOT, 'examples/go'), join(folder, 'src/consumer'))
      const packages = Object.values(this.programs).map((program) => `consumer/${basename(dirname(program))}`)
      const env = { ...process.env, GO111MODULE: 'off', GOPATH: `${folder}:/usr/share/gocode` }
      return execute('go', ['build', '-ldflags=-s -w', '-o', `${folder}/`, ...packages], { cwd: PROJECT_ROOT, env })
    },
    command: (program, { folder }) => [join(folder, basename(dirname(program)))],
  },
  {
    name: 'csharp',
    skip: '.NET is no package of Debian',
    programs: {},
    notRun: ['examples/csharp/Senparc.cs'],
    command: () => [],
  },
]

/** Compiles what needs it. `folder` is the test's own, one for all languages. */
export async function buildAll(folder: string): Promise<void> {
  for (const language of LANGUAGES) {
    await mkdir(join(folder, language.name), { recursive: true })
    if (language.skip === false) await language.build?.(join(folder, language.name))
  }
}

/** Starts a program and ends it with the test. */
export function startProgram(t: Tap, { language, kind, folder, env, args = [] }: Settings): Running {
  const file = language.programs[kind]
  if (file === undefined) throw new Error(`there is no ${kind} for ${language.name}`)
  const [program = '', ...given] = language.command(file, { folder: join(folder, language.name), port: env['PORT'] })
  // A locale as servers have it: Java 17 writes `?` for what the locale lacks. A group of its own, for what has children.
  const environment = {
    PATH: process.env['PATH'] ?? '',
    LC_ALL: 'C.UTF-8',
    TMPDIR: join(folder, language.name),
    PYTHONDONTWRITEBYTECODE: '1',
    ...env,
  }
  const child = spawn(program, [...given, ...args], { cwd: PROJECT_ROOT, env: environment, detached: true })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const closed = once(child, 'close')
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      process.kill(-child.pid, signal)
    await closed
    return child.exitCode
  }
  t.teardown(async () => void (await end('SIGKILL')))
  const output = () => chunks.join('')
  return {
    child,
    output,
    async until(what, condition) {
      const isSo = async () => {
        const answer = await condition()
        if (!answer && child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before ${what}`)
        return answer
      }
      return until(what, isSo, { timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
        throw new Error(`${kind} of ${language.name} wrote: ${output()}`, { cause: error })
      })
    },
    end,
  }
}

/** Runs a program that ends by itself: its exit code and what it wrote. */
export async function runProgram(t: Tap, settings: Settings) {
  const { child, output } = startProgram(t, settings)
  await once(child, 'close')
  return { code: child.exitCode, output: output().trim() }
}

/** The id of the event with this content in what a program wrote; undefined until it is there. */
export function eventIdIn(output: string, content: string): string | undefined {
  return output
    .split('\n')
    .find((line) => line.includes(content))
    ?.match(/\bev_[a-z2-7]+/)?.[0]
}

function missing(name: string): string | false {
  const table = parseLanguages(readFileSync(join(PROJECT_ROOT, 'test/examples/languages.json'), 'utf8'))
  const language = table.find((one) => one.name === name)
  if (language === undefined) throw new Error(`test/examples/languages.json lacks ${name}`)
  return succeeds(language.probe)
    ? false
    : `install Debian's packages for it: apt-get install ${language.packages.join(' ')}`
}

function succeeds([command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args).status === 0
}

function parseLanguages(text: string): Array<{ name: string; probe: string[]; packages: string[] }> {
  return JSON.parse(text) as Array<{ name: string; probe: string[]; packages: string[] }>
}
