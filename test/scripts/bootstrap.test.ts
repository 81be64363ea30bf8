// Owns: that commands install and build what is missing, once, and nothing when nothing is.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createTree } from './tree-under-test.ts'

void t.test(
  'the first command installs by the lockfile, with development dependencies in spite of NODE_ENV, and builds',
  async (t) => {
    const tree = await createTree(t)
    const build = tree.start('build.mjs', [], { NODE_ENV: 'production', npm_config_omit: 'dev' })
    t.equal(await build.ended, 0, build.output())
    t.match(build.output(), 'Building, about a minute', 'so that nobody takes the silence for a fault')
    const [install, ...others] = await tree.log('npx')
    t.strictSame(others, [])
    t.match(install?.args.join(' '), /^--yes pnpm@\S+ install --frozen-lockfile --prod=false$/)
    t.equal(install?.NODE_ENV, null)
    t.match(await tree.log('tsc'), [{ args: ['-b', '.'] }])
  },
)

void t.test('what is installed is not installed again, until the lockfile changes', async (t) => {
  const tree = await createTree(t)
  await tree.start('build.mjs').ended
  const second = tree.start('build.mjs')
  t.equal(await second.ended, 0)
  t.equal(second.output(), '', 'nothing is said when nothing is done')
  t.equal((await tree.log('npx')).length, 1)
  await writeFile(join(tree.root, 'pnpm-lock.yaml'), 'lockfileVersion: 9.1\n')
  await tree.start('build.mjs').ended
  t.equal((await tree.log('npx')).length, 2)
})

void t.test('commands started at once on a fresh tree install once', async (t) => {
  const tree = await createTree(t)
  const commands = Array.from({ length: 4 }, () => tree.start('build.mjs'))
  t.strictSame(await Promise.all(commands.map((command) => command.ended)), [0, 0, 0, 0])
  t.equal((await tree.log('npx')).length, 1)
})

void t.test('a command killed while it installs leaves no lock that others wait for', async (t) => {
  const tree = await createTree(t)
  const killed = tree.start('build.mjs')
  await killed.printed('Installing')
  killed.child.kill('SIGKILL')
  await killed.ended
  t.equal(await tree.start('build.mjs').ended, 0)
})

void t.test('a failed install ends the command, and the next one tries again', async (t) => {
  const tree = await createTree(t)
  const failed = tree.start('start.mjs', ['ingress'], { NPX_FAILS: 'yes' })
  t.equal(await failed.ended, 1)
  t.match(failed.output(), /Installing dependencies failed \(exit code 7\)/)
  t.notMatch(failed.output(), /ready/)
  t.equal(await tree.start('build.mjs').ended, 0)
  t.equal((await tree.log('npx')).length, 2)
})

void t.test('a build that fails ends the command', async (t) => {
  const tree = await createTree(t)
  const failed = tree.start('start.mjs', ['ingress'], { TSC_FAILS: 'yes' })
  t.equal(await failed.ended, 1)
  t.match(failed.output(), /Compiling failed/)
  t.notMatch(failed.output(), /ready/)
})
