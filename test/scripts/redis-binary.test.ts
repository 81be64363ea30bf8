// Owns: how a machine without a redis-server gets one, with stand-ins for its package manager.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { SCRIPTS, track } from './tree-under-test.ts'

const ENSURE = `
const { ensureRedisServer } = await import(process.argv[1])
console.log('found', JSON.stringify(await ensureRedisServer() ?? null))
`

async function ensure(t: Test, programs: Readonly<Record<string, string>>) {
  const bin = await mkdtemp(join(tmpdir(), 'wxgw-bin-'))
  t.teardown(() => rm(bin, { recursive: true, force: true }))
  for (const [name, body] of Object.entries(programs))
    await writeFile(join(bin, name), `#!/bin/sh\nbin='${bin}'\n${body}\n`, { mode: 0o755 })
  const module = pathToFileURL(join(SCRIPTS, 'redis-binary.mjs')).href
  const command = track(
    t,
    spawn(process.execPath, ['--input-type=module', '-e', ENSURE, module], {
      env: { PATH: bin },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  await command.ended
  return { bin, output: command.output(), calls: () => readFile(join(bin, 'calls'), 'utf8').catch(() => '') }
}

const sudo = 'shift; exec "$@"'
const env = 'shift; exec "$@"'

void t.test('a valkey-server is taken where there is no redis-server', async (t) => {
  const { bin, output } = await ensure(t, { 'valkey-server': 'exit 0' })
  t.match(output, `found ${JSON.stringify({ path: join(bin, 'valkey-server'), kind: 'valkey-server' })}`)
})

void t.test('apt-get installs it, after fetching its list once when it does not know the package', async (t) => {
  const aptGet = `
echo "$*" >> "$bin/calls"
if [ "$1" = update ]; then : > "$bin/updated"; exit 0; fi
[ -e "$bin/updated" ] || exit 100
printf '#!/bin/sh\\n' > "$bin/redis-server"; /bin/chmod +x "$bin/redis-server"`
  const { bin, output, calls } = await ensure(t, { 'apt-get': aptGet, sudo, env, true: 'exit 0' })
  t.match(output, `found ${JSON.stringify({ path: join(bin, 'redis-server'), kind: 'redis-server' })}`)
  const install = 'install -y --no-install-recommends redis-server'
  t.equal(await calls(), `${install}\nupdate\n${install}\n`)
})

void t.test('where nothing can be installed, it is said how', async (t) => {
  const { output } = await ensure(t, {})
  t.match(output, /sudo apt-get install redis-server/)
  t.match(output, /found null/)
})
