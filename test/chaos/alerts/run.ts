// Owns: `npm run test:chaos -- alerts [--minutes m --only name,name --factor n]`: good traffic that fires no alert, then
// the fault of each alert: it fires, nothing else fires that is not its consequence, and it ends with the fault.
import { setTimeout as delay } from 'node:timers/promises'
import { readOptions } from '../../helpers/read-options.ts'
import { until } from '../../helpers/until.ts'
import { FAST, fastRules, SHIPPED, shippedRules } from './fast-rules.ts'
import { FAULTS, type Fault } from './faults.ts'
import { hasPrometheus } from './prometheus.ts'
import { type Stage, startStage } from './stage.ts'

const { values } = readOptions({
  options: {
    /** Of good traffic. */
    minutes: { type: 'number', from: 0, default: 1 },
    only: { type: 'string' },
    /** How much faster the time of the rules runs. */
    factor: { type: 'number', default: 60 },
  },
})
const wanted = values.only?.split(',') ?? Object.keys(FAULTS)
const FIRES_WITHIN_MS = 120_000
const OVER_WITHIN_MS = 240_000
/** What fires late begins within this: a reply is late after 4 s. */
const SILENT_SECONDS = 6
const LOOK_EVERY_MS = 500
const FIRING = { alertstate: 'firing' }

process.exitCode = await main()

async function main(): Promise<number> {
  const unknown = wanted.filter((alert) => !Object.hasOwn(FAULTS, alert))
  if (unknown.length > 0) {
    say(`There is no fault for ${unknown.join(', ')}; there are ${Object.keys(FAULTS).join(', ')}.`)
    return 1
  }
  if (!hasPrometheus()) {
    say('It needs prometheus in PATH, or its path in PROMETHEUS: apt-get install prometheus')
    return 1
  }
  const stage = await startStage([shippedRules(), fastRules(values.factor)])
  let failed = 0
  const judge = (name: string, startedAtMs: number, broken: readonly string[]) => {
    failed += broken.length > 0 ? 1 : 0
    for (const sentence of broken) say(`  NOT: ${sentence}`)
    say(`${name}: ${broken.length === 0 ? 'passed' : 'FAILED'} in ${Math.round((Date.now() - startedAtMs) / 1000)} s`)
  }
  try {
    await until('the start is over', () => isSilent(stage), { timeoutMs: OVER_WITHIN_MS, everyMs: LOOK_EVERY_MS })
    const startedAtMs = Date.now()
    await delay(values.minutes * 60_000)
    const fired = await firedSince(stage, startedAtMs, SHIPPED)
    // To these a machine that stands still for seconds does so for minutes.
    const hurried = await firedSince(stage, startedAtMs, FAST)
    if (hurried.length > 0) say(`  with time that runs faster: ${hurried.join(', ')}`)
    judge(
      `good traffic of ${values.minutes} minutes`,
      startedAtMs,
      fired.map((alert) => `${alert} fired`),
    )
    const chosen = Object.entries(FAULTS).filter(([alert]) => wanted.includes(alert))
    for (const [alert, fault] of chosen) judge(alert, Date.now(), await play(stage, alert, fault))
  } finally {
    await stage.stop()
  }
  say(failed === 0 ? 'all passed' : `${failed} failed`)
  return failed === 0 ? 0 : 1
}

/** Sentences about what did not hold. */
async function play(stage: Stage, alert: string, { cause, brings = [] }: Fault): Promise<string[]> {
  const startedAtMs = Date.now()
  const broken: string[] = []
  const holds = async (sentence: string, holding: Promise<unknown>) => {
    await holding.catch(() => broken.push(sentence))
  }
  const remove = await cause(stage)
  const fires = async () => (await firing(stage, FAST)).includes(alert)
  await holds('it fires', until('it fires', fires, { timeoutMs: FIRES_WITHIN_MS, everyMs: LOOK_EVERY_MS }))
  const firedAtMs = Date.now()
  const cleanUp = await remove()
  await holds(
    'it ends',
    until('all is over', () => isSilent(stage), { timeoutMs: OVER_WITHIN_MS, everyMs: LOOK_EVERY_MS }),
  )
  say(`  fired after ${seconds(firedAtMs - startedAtMs)} s, over ${seconds(Date.now() - firedAtMs)} s after its fault`)
  const others = (await firedSince(stage, startedAtMs, FAST)).filter((name) => name !== alert)
  if (others.length > 0) say(`  with it: ${others.join(', ')}`)
  if (typeof cleanUp === 'function') await cleanUp()
  return [...broken, ...others.filter((name) => !brings.includes(name)).map((name) => `${name} fires, too`)]
}

/** Nothing fires, or is about to. */
async function isSilent({ prometheus }: Stage): Promise<boolean> {
  return (await prometheus.query(`count_over_time(ALERTS{${chosen(FAST)}}[${SILENT_SECONDS}s])`)).length === 0
}

function firing({ prometheus }: Stage, labels: Record<string, string>): Promise<string[]> {
  return alertsOf(prometheus.query(`ALERTS{${chosen({ ...labels, ...FIRING })}}`))
}

function firedSince({ prometheus }: Stage, sinceMs: number, labels: Record<string, string>): Promise<string[]> {
  const passed = Math.ceil((Date.now() - sinceMs) / 1000)
  return alertsOf(prometheus.query(`count_over_time(ALERTS{${chosen({ ...labels, ...FIRING })}}[${passed}s])`))
}

function chosen(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join()
}

async function alertsOf(answer: Promise<Array<Record<string, string>>>): Promise<string[]> {
  return [...new Set((await answer).map(({ alertname = '' }) => alertname))]
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
