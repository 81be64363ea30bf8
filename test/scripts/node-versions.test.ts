// Owns: that the versions of Node.js which we support are enough for every installed package, and that the gateway works
// with another one than that of the tests.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { satisfies } from 'semver'
import t from 'tap'
import { parse } from 'yaml'
import { SCRIPTS, track } from './tree-under-test.ts'

/** The oldest of each line. */
const SUPPORTED = ['20.19.0', '22.12.0', '24.0.0', '26.0.0']

const ROOT = new URL('../../../', import.meta.url)
const DIST = fileURLToPath(new URL('..', import.meta.url))

/** What depends on Node.js most: processes, HTTP, cryptography. */
const SELECTION = ['flows/main-story', 'wechat-core/crypto/message-cipher', 'wechat-core/crypto/signature']

/** Makes a function hot at the exit of the process. */
const HOT_AT_EXIT = `data:text/javascript,process.on('exit', () => {
  function hotAtExit(number) { return number % 7 + 1 }
  for (let number = 0, sum = 0; number < 1e6; number += 1) sum += hotAtExit(number)
})`

type Lockfile = { packages: Record<string, { engines?: { node?: string }; cpu?: string[] }> }

/** Optional builds for WebAssembly, and what only they need: installed on no machine. */
const ONLY_WASM = /^@(?:napi-rs\/wasm-runtime|emnapi\/)/

type OtherNode = {
  otherNode(version: string): Promise<string | undefined>
  withNode(path: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv
}

void t.test('every package that is installed accepts every supported Node.js, so that no install warns', async (t) => {
  const { packages }: Lockfile = parse(await readFile(new URL('pnpm-lock.yaml', ROOT), 'utf8'))
  t.ok(Object.keys(packages).length > 100, 'the packages were found')
  const refusals = Object.entries(packages).flatMap(([name, { engines, cpu = [] }]) => {
    if (cpu.includes('wasm32') || ONLY_WASM.test(name)) return []
    const refused = SUPPORTED.filter((version) => !satisfies(version, engines?.node ?? '*'))
    return refused.length === 0 ? [] : [`${name} wants ${engines?.node}, not ${refused.join(', ')}`]
  })
  t.strictSame(refusals, [])
})

void t.test(
  'the main story and the cryptography work with another Node.js, and nothing warns of its future',
  async (t) => {
    const { otherNode, withNode }: OtherNode = await import(pathToFileURL(join(SCRIPTS, 'other-node.mjs')).href)
    // The newest one, and when the tests run with that, the oldest.
    const version = Number(process.versions.node.split('.')[0]) < 26 ? '26' : '20.19.0'
    const node = await otherNode(version)
    if (node === undefined) return void t.pass(`Node.js ${version}`, { skip: 'npm cannot get it' })
    // The test that is run must not take itself for a part of this one.
    const own = Object.entries(process.env).filter(([name]) => !/^(TAP|NODE_OPTIONS|_TAPJS)/.test(name))
    // Alone, tap gives a file half a minute, whatever the machine has to do besides.
    const env = withNode(node, { ...Object.fromEntries(own), TAP_TIMEOUT: '120' })
    const start = (...args: string[]) => track(t, spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }))

    for (const name of SELECTION) {
      const test = start('--enable-source-maps', join(DIST, `${name}.test.js`))
      t.equal(await test.ended, 0, `${name} with Node.js ${version}`)
      if (test.child.exitCode !== 0) t.comment(test.output())
    }
    for (const name of ['ingress', 'worker']) {
      const process = start('--pending-deprecation', fileURLToPath(new URL(`apps/${name}/dist/main.js`, ROOT)))
      t.equal(await process.ended, 1, `the ${name} has loaded and misses its settings`)
      t.match(process.output(), /^the configuration has/, 'and says nothing else')
    }
    // Older ones have no Maglev.
    if (version !== '26') return
    const main = fileURLToPath(new URL('apps/ingress/dist/main.js', ROOT))
    const ingress = start('--trace-opt', '--import', HOT_AT_EXIT, main)
    await ingress.ended
    const compiled = (ingress.output().match(/marking \S+ <JSFunction hotAtExit.*/g) ?? []).join('\n')
    t.match(compiled, 'TURBOFAN', 'a hot function of the ingress is compiled by TurboFan')
    t.notMatch(compiled, 'MAGLEV', 'and not by Maglev before')
  },
)
