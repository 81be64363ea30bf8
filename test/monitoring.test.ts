// Owns: that the dashboard and the alert rules use metrics that exist, that each alert is documented, and when it fires.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { PROJECT_ROOT, projectText, section, tableRows } from './helpers/docs.ts'
import { FAULTS, GOOD } from './monitoring-series.ts'

const RULES_FILE = join(PROJECT_ROOT, 'docs/monitoring/alerts.yml')

type Rule = { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string } }

const { groups }: { groups: Array<{ rules: Rule[] }> } = parse(projectText('docs/monitoring/alerts.yml'))
const rules = groups.flatMap((group) => group.rules)
const operations = projectText('docs/operations.md')

/** What docs/operations.md says of each metric. That it says the truth, flows/two-of-each/metrics.ts holds. */
function documentedMetrics(): Map<string, string> {
  const rows = tableRows(section(operations, '## Metrics and log')).filter(([name = '']) => name.startsWith('`wxgw_'))
  return new Map(rows.map(([name = '', labels = '']) => [name.slice(1, -1), labels]))
}

/** Each use of a metric in PromQL, with the labels that it is chosen by. */
function usesIn(text: string): Array<{ name: string; labels: string[] }> {
  return [...text.matchAll(/\b(wxgw_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', chosen = '']) => {
    return {
      name: name.replace(/_(bucket|sum|count)$/, ''),
      labels: [...chosen.matchAll(/(\w+)(?==~?|!=)/g)].map(([, label = '']) => label),
    }
  })
}

void t.test('dashboard and rules use documented metrics, by labels that these have', (t) => {
  const metrics = documentedMetrics()
  const dashboard: { panels: Array<{ targets?: Array<{ expr: string }> }> } = JSON.parse(
    projectText('docs/monitoring/dashboard.json'),
  )
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  t.ok(shown.length > 20)
  for (const expression of [...shown, ...rules.map(({ expr }) => expr)]) {
    for (const { name, labels } of usesIn(expression)) {
      t.ok(metrics.has(name), `${name} is documented`)
      for (const label of labels) t.ok(metrics.get(name)?.includes(`\`${label}\``), `${name} has the label ${label}`)
    }
  }
  t.end()
})

void t.test('each alert has its row in docs/operations.md and its fault here, and no other has', (t) => {
  const names = rules.map(({ alert }) => alert).toSorted()
  const rows = tableRows(section(operations, '### Alerts'))
  t.same(rows.map(([name = '']) => name.slice(1, -1)).toSorted(), names)
  t.ok(rows.every(([, means = '', todo = '']) => means.length > 10 && todo.length > 10))
  t.same(Object.keys(FAULTS).toSorted(), names)
  t.end()
})

/** Prometheus' own tool, of Debian's package `prometheus`. */
const PROMTOOL = process.env['PROMTOOL'] ?? 'promtool'
const isThere = spawnSync(PROMTOOL, ['--version']).status === 0

void t.test(
  'an hour of good traffic fires nothing, and each fault fires its own alert',
  { skip: isThere ? false : 'promtool is not installed (apt-get install prometheus)' },
  (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'wxgw-alerts-'))
    t.teardown(() => rmSync(dir, { recursive: true }))
    const alerts = rules.map(({ alert }) => alert)
    const inputOf = (series: Readonly<Record<string, string>>) =>
      Object.entries(series).map(([name, values]) => ({ series: name, values }))
    const silent = (minute: number, but: readonly string[] = []) =>
      alerts
        .filter((alert) => !but.includes(alert))
        .map((alertname) => ({ eval_time: `${minute}m`, alertname, exp_alerts: [] }))
    const good = { interval: '1m', input_series: inputOf(GOOD), alert_rule_test: [...silent(30), ...silent(60)] }
    const tests = Object.entries(FAULTS).map(([alert, { series, atMinute, brings = [] }]) => {
      return {
        interval: '1m',
        input_series: inputOf({ ...GOOD, ...series }),
        alert_rule_test: [...silent(19), ...silent(atMinute, [alert, ...brings])],
      }
    })
    const run = (name: string, content: object) => {
      writeFileSync(
        join(dir, name),
        JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval: '1m', ...content }),
      )
      return spawnSync(PROMTOOL, ['test', 'rules', name], { cwd: dir, encoding: 'utf8' })
    }
    const { status, stderr } = run('silent.yml', { tests: [good, ...tests] })
    t.equal(status, 0, stderr)
    // That it fires: to say that it does not is wrong, once for each.
    const firing = Object.entries(FAULTS).map(([alertname, { series, atMinute }]) => {
      const expected = { eval_time: `${atMinute}m`, alertname, exp_alerts: [] }
      return { interval: '1m', input_series: inputOf({ ...GOOD, ...series }), alert_rule_test: [expected] }
    })
    const { stdout, stderr: failures } = run('firing.yml', { tests: firing })
    const fired = [...`${stdout}${failures}`.matchAll(/alertname: (\w+)/g)].map(([, name = '']) => name)
    t.same(fired.toSorted(), alerts.toSorted())
    t.equal(spawnSync(PROMTOOL, ['check', 'rules', RULES_FILE]).status, 0)
    t.end()
  },
)
