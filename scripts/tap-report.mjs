// Owns: what of a TAP stream a person is shown: one line for each file, what was skipped and why, all of what failed, and
// the counts.

const FILE = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)(ms|s))?(?: \{)?$/
const TOTALS = /^# \{ total: (\d+)(?:, pass: (\d+))?(?:, fail: (\d+))?(?:, todo: (\d+))?(?:, skip: (\d+))? \}/
const SKIPPED = /^\s*(?:not )?ok \d+(?: - (.*?))? # SKIP (.*)$/
const PASSED = /^\s*(?:ok \d+|1\.\.\d+|# Subtest|# time=|\}$|$)/

/** Takes the stream piece by piece, prints as it goes, and answers the counts at the end; undefined when the stream was cut short. */
export function createTapReport(print) {
  let rest = ''
  let block = []
  let totals
  let failedFiles = 0

  function takeLine(line) {
    const file = FILE.exec(line)
    const counts = TOTALS.exec(line)
    if (counts) {
      const [passed, failed, todo, skipped] = counts.slice(2).map((count) => Number(count ?? 0))
      totals = { passed, failed, skipped: skipped + todo }
    }
    if (!file) {
      block.push(line)
      return
    }
    const [, failed, name, time, unit] = file
    const seconds = time === undefined ? '' : ` (${(Number(time) / (unit === 'ms' ? 1000 : 1)).toFixed(1)} s)`
    print(`${failed ? '✖' : '✔'} ${name.replace(/^dist\/(.*)\.js$/, '$1')}${seconds}`)
    for (const one of block) {
      const [, what, why] = SKIPPED.exec(one) ?? []
      if (why !== undefined) print(`  skipped: ${what === undefined ? '' : `${what}: `}${why}`)
    }
    if (failed) {
      failedFiles += 1
      for (const one of block) if (!PASSED.test(one)) print(one)
    }
    block = []
  }

  return {
    take(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) takeLine(line)
    },
    end() {
      if (rest !== '') takeLine(rest)
      return totals && { ...totals, failedFiles }
    },
  }
}
