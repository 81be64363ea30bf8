// Owns: a real Prometheus that scrapes processes every second and evaluates alert rules as often.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../helpers/free-port.ts'
import { startProgram } from '../../helpers/process.ts'
import { writtenTo } from '../../helpers/redis-server.ts'
import { until } from '../../helpers/until.ts'

export type Labels = Record<string, string>

type Answer = { data?: { result: Array<{ metric: Labels }> }; error?: string }

export type Prometheus = {
  /** `url` of each process, without the path. Known to it within a second. */
  scrape(urls: readonly string[]): Promise<void>
  /** The labels of each series that an expression answers now. */
  query(expression: string): Promise<Labels[]>
  stop(): Promise<void>
}

const BINARY = process.env['PROMETHEUS'] ?? 'prometheus'
const TARGETS = 'targets.json'

/** Debian's package `prometheus` has it. */
export function hasPrometheus(): boolean {
  return spawnSync(BINARY, ['--version']).status === 0
}

/** `rules`: the contents of rule files. */
export async function startPrometheus(rules: readonly object[]): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-prometheus-'))
  const files = await Promise.all(
    rules.map((content, index) => writtenTo(dir, `rules-${index}.yml`, JSON.stringify(content))),
  )
  await writtenTo(dir, TARGETS, '[]')
  const every = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  const jobs = [{ job_name: 'wxgw', file_sd_configs: [{ files: [TARGETS], refresh_interval: '1s' }] }]
  const settings = { global: every, rule_files: files, scrape_configs: jobs }
  const config = await writtenTo(dir, 'prometheus.yml', JSON.stringify(settings))
  const address = `127.0.0.1:${await freePort()}`
  const running = startProgram(BINARY, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ])
  const answers = () =>
    fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until('Prometheus is ready', answers, { everyMs: 100, why: running.output })

  return {
    async scrape(urls) {
      const targets = JSON.stringify([{ targets: urls.map((url) => new URL(url).host) }])
      await rename(await writtenTo(dir, `${TARGETS}.new`, targets), join(dir, TARGETS))
    },
    async query(expression) {
      const response = await fetch(`http://${address}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expression }),
      })
      const { data, error }: Answer = JSON.parse(await response.text())
      if (data === undefined) throw new Error(`Prometheus refused ${expression}: ${error}`)
      return data.result.map(({ metric }) => metric)
    },
    async stop() {
      await running.end('SIGTERM')
      await rm(dir, { recursive: true, force: true })
    },
  }
}
