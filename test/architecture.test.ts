// The house rules that a compiler does not know: who may import whom, where the environment is read, how a file begins.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Inward only: what a room may import of the others. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'packages/catalogue': [],
  'packages/wechat-core': ['catalogue'],
  'packages/contracts': [],
  'packages/runtime': ['wechat-core', 'contracts'],
  'packages/redis': ['wechat-core', 'contracts'],
  'packages/platform': ['wechat-core', 'contracts', 'redis', 'runtime'],
  'apps/ingress': ['catalogue', 'wechat-core', 'contracts', 'redis', 'runtime', 'platform'],
  'apps/worker': ['wechat-core', 'contracts', 'redis', 'runtime', 'platform'],
  'apps/simulator': ['catalogue'],
  'apps/console': [],
}

type SourceFile = { path: string; room: string; text: string; imports: string[]; typeImports: ReadonlySet<string> }

const files: SourceFile[] = Object.keys(MAY_IMPORT).flatMap((room) => {
  return readdirSync(join(ROOT, room, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const path = join(room, 'src', name)
      const text = readFileSync(join(ROOT, path), 'utf8')
      const imports = [...text.matchAll(/^(?:import|export)\b[^'\n]*?(?:\{[^}]*\}[^'\n]*)?from '([^']+)'/gm)].map(
        ([, from = '']) => from,
      )
      const typeImports = new Set(
        [...text.matchAll(/^import type\b[^']*from '([^']+)'/gm)].map(([, from = '']) => from),
      )
      return { path, room, text, imports, typeImports }
    })
})

void t.test('each room imports only what lies further in, and the simulator only the catalogue', (t) => {
  t.ok(files.length > 100, 'the rooms were found')
  for (const { path, room, imports } of files) {
    for (const from of imports) {
      const [, name] = /^@wxgw\/(.+)$/.exec(from) ?? []
      if (name !== undefined) t.ok(MAY_IMPORT[room]?.includes(name), `${path} may import ${from}`)
      if (from.startsWith('.'))
        t.notOk(relative(room, join(dirname(path), from)).startsWith('..'), `${path} stays in its room`)
    }
  }
  t.end()
})

void t.test(
  'only packages/redis knows ioredis and BullMQ, and only main reads the environment or ends the process',
  (t) => {
    for (const { path, room, text, imports } of files) {
      if (room !== 'packages/redis' && room !== 'apps/simulator')
        t.notOk(
          imports.some((from) => /^(ioredis|bullmq)$/.test(from)),
          path,
        )
      if (!/main\.tsx?$/.test(path)) t.notMatch(text, /\bprocess\.(env\[|env\.|exit\()/, path)
    }
    t.end()
  },
)

void t.test('Lua stands in .lua files, which one module alone reads and runs', (t) => {
  for (const { path, text } of files) {
    if (path.startsWith('packages/redis/src/lua/')) continue
    t.notMatch(text, /\b(?:KEYS|ARGV)\[/, path)
    t.notMatch(text, /\.(?:eval|evalsha|defineCommand)\(/, path)
  }
  t.end()
})

void t.test('keys of BullMQ are named in one folder', (t) => {
  for (const { path, text } of files) {
    if (/^packages\/redis\/src\/(?:bullmq-format\/|keys\.ts$)/.test(path)) continue
    t.notMatch(text, /\bqueueKey\(|\.toKey\(/, path)
  }
  t.end()
})

void t.test('no file imports itself by way of others, types aside', (t) => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  function visit(path: string, trail: readonly string[]): void {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    state.set(path, 'open')
    const { imports = [], typeImports } = byPath.get(path) ?? {}
    for (const from of imports)
      if (from.startsWith('.') && !typeImports?.has(from)) visit(join(dirname(path), from), [...trail, path])
    state.set(path, 'done')
  }
  for (const { path } of files) visit(path, [])
  t.same(cycles, [])
  t.end()
})

void t.test('every file says first what it owns, and none is a drawer', (t) => {
  for (const { path, text } of files) {
    t.match(text, /^\/\/ Owns: /, path)
    t.notMatch(path, /\/(utils?|helpers?|common|types|lib|misc|managers?)(\/|\.tsx?$)/, path)
  }
  t.end()
})

const BARREL = /(?:^|\/)index\.ts$/

/** Whatever may import from the rooms. */
const users = ['packages', 'apps', 'test', 'scripts', 'bench'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => /\.(?:tsx?|mjs)$/.test(name) && !/(?:^|\/)(?:node_modules|dist)\//.test(name) && !BARREL.test(name),
    )
    .map((name) => ({ path: join(folder, name), words: wordsOf(join(folder, name)) })),
)

function wordsOf(path: string): ReadonlySet<string> {
  return new Set(readFileSync(join(ROOT, path), 'utf8').match(/\w+/g))
}

void t.test('no function or constant is exported that no other file uses', (t) => {
  const unused = files
    .filter(({ path }) => !BARREL.test(path))
    .flatMap(({ path, text }) => {
      const exported = [...text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)].map(
        ([, name = '']) => name,
      )
      return exported
        .filter((name) => !users.some((user) => user.path !== path && user.words.has(name)))
        .map((name) => `${path} ${name}`)
    })
  t.same(unused, [])
  t.end()
})

type SlowTwins = { TWINS: Record<string, { edits: ReadonlyArray<{ file: string; from: string }> }> }

void t.test('each slow twin of a fast lane finds the text that it replaces, once', async (t) => {
  const { TWINS }: SlowTwins = await import(pathToFileURL(join(ROOT, 'bench/lanes/slow-twins.mjs')).href)
  for (const [name, { edits }] of Object.entries(TWINS)) {
    for (const { file, from } of edits) {
      t.equal(readFileSync(join(ROOT, file), 'utf8').split(from).length - 1, 1, `${name}: ${file}`)
    }
  }
})
