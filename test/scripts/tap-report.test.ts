// Owns: what a person sees of the tests' output, the counts of the closing line, and the second run of a file that failed.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { createTree, SCRIPTS } from './tree-under-test.ts'

type Report = { lines: string[]; passed: number; failed: number; skipped: number }
type Ended = { name: string; text: string; code: number; seconds: number }

const { reportFile }: { reportFile(ended: Ended): Report } = await import(
  pathToFileURL(join(SCRIPTS, 'tap-report.mjs')).href
)

const PASSED = `TAP version 14
# Subtest: adds
    ok 1 - should be equal
    1..1
ok 1 - adds # time=2.1ms

1..1
# { total: 1, pass: 1 }
# time=1234.5ms
`
const FAILED = `TAP version 14
# Subtest: subtracts
    ok 1 - fine
    not ok 2 - should be equal
      ---
      diff: |
        -1
        +2
      ...
    1..2
not ok 1 - subtracts # time=1ms

1..1
# { total: 2, pass: 1, fail: 1 }
`

void t.test('a file that passes is one line', async (t) => {
  t.strictSame(reportFile({ name: 'a/one.test', text: PASSED, code: 0, seconds: 1.23 }), {
    lines: ['✔ a/one.test (1.2 s)'],
    passed: 1,
    failed: 0,
    skipped: 0,
  })
})

void t.test('a file that fails shows what failed', async (t) => {
  t.strictSame(reportFile({ name: 'b/two.test', text: FAILED, code: 1, seconds: 0.1 }), {
    lines: [
      '✖ b/two.test (0.1 s)',
      '    not ok 2 - should be equal',
      '      ---',
      '      diff: |',
      '        -1',
      '        +2',
      '      ...',
      'not ok 1 - subtracts # time=1ms',
    ],
    passed: 1,
    failed: 1,
    skipped: 0,
  })
})

void t.test('what is skipped is shown with its reason', async (t) => {
  const text = `# Subtest: needs a tool
    ok 1 # SKIP there is no tool
    1..1
ok 1 - needs a tool # time=1ms

ok 2 - needs another # SKIP there is none
1..2
# { total: 2, skip: 2 }
`
  const { lines, ...counts } = reportFile({ name: 'c/three.test', text, code: 0, seconds: 0.01 })
  t.strictSame(counts, { passed: 0, failed: 0, skipped: 2 })
  t.strictSame(lines, [
    '✔ c/three.test (0.0 s)',
    '  skipped: there is no tool',
    '  skipped: needs another: there is none',
  ])
})

const ENDINGS: ReadonlyArray<readonly [how: string, text: string, code: number]> = [
  ['without its totals', PASSED.slice(0, 40), 0],
  ['without a word', '', 0],
  ['with another exit code than 0', PASSED, 137],
]
for (const [how, text, code] of ENDINGS) {
  void t.test(`a file that ends ${how} has failed, although no assertion did`, async (t) => {
    t.match(reportFile({ name: 'd/four.test', text, code, seconds: 1 }), { failed: 1, lines: [/^✖/] })
  })
}

/** Test files that fail at first, so many times, in a tree of their own; answers what the run printed. */
async function runFailing(t: Test, files: Record<string, number>, isRetrying: boolean): Promise<string> {
  const tree = await createTree(t)
  await mkdir(join(tree.root, 'test'))
  for (const [name, failures] of Object.entries(files)) {
    await writeFile(
      join(tree.root, 'test', `${name}.js`),
      `
      import { appendFileSync, readFileSync } from 'node:fs'
      appendFileSync('${name}.runs', '.')
      const isGood = readFileSync('${name}.runs').length > ${failures}
      console.log(isGood ? 'ok 1\\n1..1\\n# { total: 1, pass: 1 }' : 'not ok 1 - ${name} is late\\n1..1\\n# { total: 1, fail: 1 }')
      process.exitCode = isGood ? 0 : 1`,
    )
  }
  const groups = Object.keys(files).map((name) => ({ name, files: [`${name}.js`] }))
  const options = { jobs: 2, timeoutSeconds: 60, redis: { path: '' }, isRetrying }
  await writeFile(
    join(tree.root, 'scripts/these.mjs'),
    `
    import { runTestFiles } from './test-files.mjs'
    const { passed, failed } = await runTestFiles(${JSON.stringify(groups)}, ${JSON.stringify(options)})
    console.log(passed + ' passed, ' + failed + ' failed')`,
  )
  const started = tree.start('these.mjs')
  await started.ended
  return started.output()
}

void t.test(
  'a file that failed once and passes alone is flaky, not failed, and its first failure is shown',
  async (t) => {
    const output = await runFailing(t, { busy: 1, broken: 2, good: 0 }, true)
    t.match(output, /^not ok 1 - busy is late$/m)
    t.same(output.match(/^flaky: .*$/gm), ['flaky: busy (failed once, passed alone)'])
    t.match(output, /^2 passed, 1 failed$/m, 'the one that fails twice has failed once')
  },
)

void t.test('four files that fail, and any with --no-retry, have failed', async (t) => {
  const outputs = await Promise.all([
    runFailing(t, { a: 1, b: 1, c: 1, d: 1 }, true).then((output) => [output, /^0 passed, 4 failed$/m] as const),
    runFailing(t, { a: 1 }, false).then((output) => [output, /^0 passed, 1 failed$/m] as const),
  ])
  for (const [output, counts] of outputs) {
    t.match(output, counts)
    t.notMatch(output, /flaky/)
  }
})
