// Owns: what every scenario is given and what it has to show: load while something fails, then a verdict from the ledgers alone.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RedisForm } from '../helpers/redis-forms.ts'
import { until } from '../helpers/until.ts'
import { openLedger } from './ledger.ts'
import { type Account, type PushReport, type Pusher, startPusher } from './pusher.ts'
import { type Gateway, type GatewayOptions, startGateway } from './rig.ts'
import { SINK_NAMES, type SinkName, startSinks, type Sinks } from './sinks.ts'

export type Facts = Record<string, number | string | boolean>

/** `broken`: sentences about what did not hold; none = passed. */
export type Verdict = { facts: Facts; broken: string[] }

export type Scenario = {
  name: string
  /** What the fault is, for the list. */
  about: string
  run(context: Context): Promise<Verdict>
}

export type Context = {
  /** Bounds the load, not the whole. */
  seconds: number
  /** Answers 0..1 from the seed. */
  random: () => number
  /** What happens again and again happens at least so often, however long it takes. Default: once. */
  times?: number | undefined
  /** Pushes per second. Default: what the scenario thinks right. */
  ratePerSecond?: number | undefined
  /** How many wait in a backlog. */
  messages?: number | undefined
}

/** Whether a scenario of kills, cuts or restarts has had enough of them. */
export function untilEnough({ seconds, times = 1 }: Context): (done: number) => boolean {
  const end = performance.now() + seconds * 1000
  return (done) => done >= times && performance.now() >= end
}

/** Redis in the form that `start` starts, if it is given, until `run` has ended. */
export async function withForm(
  start: (() => Promise<RedisForm>) | undefined,
  run: (form?: RedisForm) => Promise<Verdict>,
): Promise<Verdict> {
  const form = await start?.()
  try {
    return await run(form)
  } finally {
    await form?.stop()
  }
}

export type Load = {
  gateway: Gateway
  pusher: Pusher
  sinks: Sinks
  expect(holds: boolean, sentence: string): void
  fact(name: string, value: number | string | boolean): void
}

export type LoadOptions = GatewayOptions & {
  ratePerSecond?: number | undefined
  attempts?: number
  /** No acknowledged push may be missing. False only where Redis itself has lost what it had. */
  keepsAll?: boolean
  /** The slowest answer that may be; undefined = no matter. */
  slowestMs?: number
  /** Default: the one that is authorized. */
  accounts?: readonly Account[] | undefined
  /** Default: all three. */
  sinks?: readonly SinkName[]
}

/** The contract's 1.5 s, and what two busy cores and a pusher in the same process add to it. */
export const SLOWEST_ANSWER_MS = 1_800
/** So long without a single one that is still missing, and no more are waited for. What a failover loses comes in 3 min. */
const DELIVERED_WITHIN_MS = 190_000
const LOOK_EVERY_MS = 250
const RATE = 100
/** I9: whatever happens, nobody may drown the log. */
const MAX_LINES_PER_SECOND_AND_CAUSE = 10

/** Starts everything, runs `during` under load, waits for the deliveries, and judges. Leaves nothing behind. */
export async function underLoad(options: LoadOptions, during: (load: Load) => Promise<void>): Promise<Verdict> {
  const facts: Facts = {}
  const broken: string[] = []
  const expect = (holds: boolean, sentence: string) => {
    if (!holds) broken.push(sentence)
  }
  const sinkNames = options.sinks ?? SINK_NAMES
  const gateway = await startGateway(options)
  const acks = await openLedger('acks')
  const sinks = await startSinks(gateway, sinkNames)
  const pusher = startPusher({
    component: gateway.component,
    publicUrls: gateway.publicUrls,
    ratePerSecond: options.ratePerSecond ?? RATE,
    run: `p${process.pid}`,
    attempts: options.attempts ?? 1,
    acks,
    ...(options.accounts ? { accounts: options.accounts } : {}),
  })
  try {
    await until('the load is accepted', () => pusher.acknowledged() > 20)
    pusher.mark()
    await during({ gateway, pusher, sinks, expect, fact: (name, value) => (facts[name] = value) })
    const report = await pusher.stop()
    writeReport(facts, report)
    if (options.slowestMs !== undefined) {
      expect(
        report.slowestMs <= options.slowestMs,
        `the slowest answer took ${report.slowestMs} ms, not at most ${options.slowestMs}`,
      )
    }
    await judgeLedgers()
    judgeLogs(gateway, expect)
  } finally {
    if (process.env['CHAOS_LOGS'] !== undefined) await keepLogs(gateway, process.env['CHAOS_LOGS'])
    await pusher.stop()
    await sinks.close()
    await acks.close()
    await gateway.stop()
  }
  return { facts, broken }

  async function judgeLedgers(): Promise<void> {
    const { ids: acknowledged } = await acks.read()
    facts['acknowledged'] = acknowledged.size
    let missing = new Map<SinkName, string[]>(sinkNames.map((name) => [name, [...acknowledged]]))
    let lastAt = ''
    const count = () => [...missing.values()].reduce((sum, { length }) => sum + length, 0)
    const look = async () => {
      for (const [name, ids] of missing) {
        const { ids: received } = await sinks.ledgers[name].read()
        missing.set(
          name,
          ids.filter((id) => !received.has(id)),
        )
        const last = missing.get(name)?.at(-1)
        if (last !== undefined) lastAt = `${last} at ${name}`
      }
      missing = new Map([...missing].filter(([, ids]) => ids.length > 0))
      return missing.size === 0
    }
    const timeoutMs = options.keepsAll === false ? 5_000 : DELIVERED_WITHIN_MS
    const startedAt = performance.now()
    await untilNothingComes({ look, count, timeoutMs })
    facts['deliveredAfterMs'] = Math.round(performance.now() - startedAt)
    // What Redis has lost with everything else is not missing.
    facts[options.keepsAll === false ? 'lostWithRedis' : 'missing'] = count()
    facts['lastAt'] = lastAt
    for (const name of sinkNames) {
      const { ids, lines } = await sinks.ledgers[name].read()
      facts[`twice at ${name}`] = lines - ids.size
    }
    const first = [...missing].flatMap(([name, ids]) => ids.slice(0, 20).map((id) => `${id} at ${name}`)).slice(0, 20)
    if (options.keepsAll !== false) expect(missing.size === 0, `${count()} missing, first ${first.join(', ')}`)
  }
}

/** Until `look` finds everything, or nothing more has come for `timeoutMs`: however much there is, as long as it comes. */
async function untilNothingComes(wait: {
  look(): Promise<boolean>
  count(): number
  timeoutMs: number
}): Promise<void> {
  let least = Infinity
  let lastProgressAt = performance.now()
  while (!(await wait.look())) {
    if (wait.count() < least) {
      least = wait.count()
      lastProgressAt = performance.now()
    }
    // Whether all has come is the caller's to say, with the first that have not.
    if (performance.now() - lastProgressAt > wait.timeoutMs) return
    await delay(LOOK_EVERY_MS)
  }
}

/** For whoever looks for the cause; a verdict never looks in there for more than how much was logged. */
async function keepLogs({ ingresses, workers }: Gateway, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  const named = Object.entries({ ingress: ingresses, worker: workers })
  for (const [name, members] of named) {
    for (const [index, { process: one }] of members.entries())
      await writeFile(join(dir, `${name}-${index}.log`), one.output())
  }
}

function writeReport(facts: Facts, report: PushReport): void {
  facts['pushed'] = report.pushed
  facts['slowestMs'] = report.slowestMs
  facts['p99Ms'] = report.p99Ms
  facts['statuses'] = Object.entries(report.statuses)
    .map(([status, count]) => `${status}:${count}`)
    .join(' ')
}

function judgeLogs({ ingresses, workers }: Gateway, expect: Load['expect']): void {
  const perSecond = new Map<string, number>()
  for (const [index, { process }] of [...ingresses, ...workers].entries()) {
    for (const line of process.logLines()) {
      if (Number(line['level']) < 40) continue
      const cause = JSON.stringify([line['msg'], line['queue'], line['role'], line['route'], line['code'], line['err']])
      const key = `${cause} of process ${index} at ${Math.floor(Number(line['time']) / 1000)}`
      perSecond.set(key, (perSecond.get(key) ?? 0) + 1)
    }
  }
  const [key, count] = [...perSecond].toSorted(([, a], [, b]) => b - a)[0] ?? ['', 0]
  // A second of ours may hold the ends of two of theirs.
  expect(count <= MAX_LINES_PER_SECOND_AND_CAUSE * 2, `${count} log lines in a second: ${key}`)
}

/** How long until pushes are acknowledged again, in ms. */
export async function acknowledgedAgain(pusher: Pusher, timeoutMs = 30_000): Promise<number> {
  const before = pusher.acknowledged()
  const startedAt = performance.now()
  await until('pushes are acknowledged again', () => pusher.acknowledged() > before + 5, { timeoutMs })
  return Math.round(performance.now() - startedAt)
}

/** How long until the worker delivers something new, in ms. */
export async function deliveredAgain(sinks: Sinks, timeoutMs = 60_000): Promise<number> {
  const { lines: before } = await sinks.ledgers.stream.read()
  const startedAt = performance.now()
  await until('something is delivered again', async () => (await sinks.ledgers.stream.read()).lines > before + 5, {
    timeoutMs,
    everyMs: 50,
  })
  return Math.round(performance.now() - startedAt)
}
