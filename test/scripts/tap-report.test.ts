// Owns: what a person sees of the tests' output, and the counts of the closing line.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { SCRIPTS } from './tree-under-test.ts'

type Report = { lines: string[]; passed: number; failed: number; skipped: number }
type Ended = { name: string; text: string; code: number; seconds: number }

const { reportFile }: { reportFile(ended: Ended): Report } = await import(pathToFileURL(join(SCRIPTS, 'tap-report.mjs')).href)

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
  t.strictSame(lines, ['✔ c/three.test (0.0 s)', '  skipped: there is no tool', '  skipped: needs another: there is none'])
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
