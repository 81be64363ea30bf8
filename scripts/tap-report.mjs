// Owns: the report of one test process from its TAP: one line, the skipped tests with their reasons, the failures in full.

const TOTALS = /^# \{ total: (\d+)(?:, pass: (\d+))?(?:, fail: (\d+))?(?:, todo: (\d+))?(?:, skip: (\d+))? \}/m
const SKIPPED = /^\s*(?:not )?ok \d+(?: - (.*?))? # SKIP (.*)$/
const PASSED = /^\s*(?:ok \d+|1\.\.\d+|TAP version|# Subtest|# time=|# \{ total|\}$|$)/

/**
 * `text`: the TAP of the process. It also fails without a failed assertion when the totals are missing or `code` is not 0.
 */
export function reportFile({ name, text, code, seconds }) {
  const [, , ...counts] = TOTALS.exec(text) ?? []
  const [passed, failed, todo, skipped] = counts.map((count) => Number(count ?? 0))
  const isGood = code === 0 && failed === 0
  const all = text.split('\n')
  const lines = [`${isGood ? '✔' : '✖'} ${name} (${seconds.toFixed(1)} s)`]
  for (const line of all) {
    const [, what, why] = SKIPPED.exec(line) ?? []
    if (why !== undefined) lines.push(`  skipped: ${what === undefined ? '' : `${what}: `}${why}`)
  }
  if (!isGood) lines.push(...all.filter((line) => !PASSED.test(line)))
  if (passed === undefined) lines.push(`  it ended with ${code} and without its totals`)
  return {
    lines,
    passed: passed ?? 0,
    failed: isGood ? 0 : Math.max(failed ?? 0, 1),
    skipped: (skipped ?? 0) + (todo ?? 0),
  }
}
