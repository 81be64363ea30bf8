// Owns: what a person sees of the tests' output, and the counts of the closing line.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { SCRIPTS } from './tree-under-test.ts'

type Report = { take(text: string): void; end(): unknown }

async function report(): Promise<Report & { lines: string[] }> {
  const module: { createTapReport(print: (line: string) => void): Report } = await import(pathToFileURL(join(SCRIPTS, 'tap-report.mjs')).href)
  const lines: string[] = []
  return { ...module.createTapReport((line) => lines.push(line)), lines }
}

const STREAM = `TAP version 14
# Subtest: dist/a/one.test.js
    # Subtest: adds
        ok 1 - should be equal
        1..1
    ok 1 - adds # time=2.1ms

    1..1
ok 1 - dist/a/one.test.js # time=1234.5ms

# Subtest: dist/b/two.test.js
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
not ok 2 - dist/b/two.test.js # time=99ms

1..2
# { total: 3, pass: 2, fail: 1 }
`

void t.test('a file that passes is one line, one that fails shows what failed', async (t) => {
  const { take, end, lines } = await report()
  for (const piece of STREAM.match(/.{1,7}/gs) ?? []) take(piece)
  t.strictSame(end(), { passed: 2, failed: 1, skipped: 0, failedFiles: 1 })
  t.strictSame(lines, [
    '✔ a/one.test (1.2 s)',
    '✖ b/two.test (0.1 s)',
    '        not ok 2 - should be equal',
    '          ---',
    '          diff: |',
    '            -1',
    '            +2',
    '          ...',
    '    not ok 1 - subtracts # time=1ms',
  ])
})

void t.test('what is skipped is shown with its reason', async (t) => {
  const { take, end, lines } = await report()
  take(`# Subtest: dist/c/three.test.js
    # Subtest: needs a tool
        ok 1 # SKIP there is no tool
        1..1
    ok 1 - needs a tool # time=1ms

    ok 2 - needs another # SKIP there is none
    1..2
ok 1 - dist/c/three.test.js # time=10ms

1..1
# { total: 2, pass: 0, skip: 2 }
`)
  t.strictSame(end(), { passed: 0, failed: 0, skipped: 2, failedFiles: 0 })
  t.strictSame(lines, [
    '✔ c/three.test (0.0 s)',
    '  skipped: there is no tool',
    '  skipped: needs another: there is none',
  ])
})

void t.test('a stream without its totals has no counts', async (t) => {
  const { take, end } = await report()
  take(STREAM.slice(0, 100))
  t.equal(end(), undefined)
})
