// Owns: replays into every sink while workers are killed, Redis fails over or masters of a cluster start again: each
// event is given, nothing is counted twice, and the replay ends.
import { startCluster, startSentinels, type RedisForm } from '../../helpers/redis-forms.ts'
import { until } from '../../helpers/until.ts'
import { pushInOrder } from '../ordered-load.ts'
import { type OrderedSink, type OrderedSinks, startOrderedSinks } from '../ordered-sinks.ts'
import { type Gateway, startGateway } from '../rig.ts'
import { type Context, type Facts, type Scenario, type Verdict, withForm } from '../scenario.ts'
import type { SinkName } from '../sinks.ts'
import { whole } from './form-faults.ts'
import { DURABLE } from './redis-forms.ts'
import {
  failOver,
  type FaultVariant,
  killWorkers,
  type RepeatedFault,
  restartMaster,
  SHARDED,
} from './repeated-faults.ts'

const MESSAGES = 2_000
const RATE = 100
/** Three replays, each 20 s at its rate, and what the faults hold up. */
const ENDED_WITHIN_MS = 300_000

function replaying({ name, about, start, env = {}, fault }: FaultVariant): Scenario {
  return {
    name,
    about,
    run(context) {
      return withForm(start, (form) => judge({ form, env, ingresses: 2, workers: 2 }, { context, fault }))
    },
  }
}

type Options = Parameters<typeof startGateway>[0] & { form: RedisForm | undefined }

async function judge(
  options: Options,
  { context, fault }: { context: Context; fault: RepeatedFault },
): Promise<Verdict> {
  const { form } = options
  const facts: Facts = {}
  const broken: string[] = []
  const accepted = new Set<string>()
  const masters = (await form?.masters())?.length ?? 1
  const gateway = await startGateway(options)
  const opened: OrderedSinks[] = []
  const open = async (kind: SinkName, body: Record<string, unknown> = {}) => {
    const subscriptions = [{ name: kind, kind, body }]
    const observed = { fails: () => false, acceptedAtMs: () => undefined, killedBeforeMs: () => 0 }
    opened.push(await startOrderedSinks({ gateway, subscriptions, ...observed }))
  }
  try {
    await open('webhook', { paused: true })
    const messages = context.messages ?? MESSAGES
    await pushInOrder({ gateway, messages, acknowledged: (id) => accepted.add(id) })
    facts['acknowledged'] = accepted.size
    await killPending(gateway, accepted.size)
    // These were never given any of it.
    await open('queue')
    await open('stream')
    const begun: Array<Awaited<ReturnType<typeof begin>>> = []
    for (const name of ['webhook', 'queue', 'stream']) begun.push(await begin(gateway, name))
    for (const { name, matched } of begun)
      if (matched !== accepted.size) broken.push(`the replay of ${name} matched ${matched}`)
    // What was answered 202 is to survive: without REDIS_MIN_REPLICAS the replica may have it later.
    if (form) await whole(form, masters)
    const ending = new AbortController()
    const faults = fault({ gateway, form, killed: () => undefined }, ending.signal)
    const startedAt = performance.now()
    for (const { name, replayId } of begun) {
      const replay = await untilEnded(gateway, `/subscriptions/${name}/replays/${replayId}`)
      facts[name] =
        `delivered ${replay['delivered']}, failed ${replay['failed']}, ${Math.round((performance.now() - startedAt) / 1000)} s`
      if (replay['status'] !== 'completed') broken.push(`the replay of ${name} is ${replay['status']}`)
      if (replay['delivered'] !== accepted.size || replay['failed'] !== 0)
        broken.push(`the replay of ${name} counted ${replay['delivered']} and ${replay['failed']}`)
    }
    ending.abort()
    facts['kills'] = await faults
    let missing = 0
    for (const { sinks } of opened) for (const sink of sinks) missing += await judgeSink(sink)
    facts['missing'] = missing
    // The last master may have come back a moment ago.
    const statsOf = () => gateway.call('GET', '/subscriptions/webhook/stats')
    const { body } = await until('stats are answered', async () =>
      [await statsOf()].find(({ status }) => status === 200),
    )
    if (body['deadLetters'] !== 0) broken.push(`${body['deadLetters']} are dead letters still`)
  } finally {
    for (const sinks of opened) await sinks.close()
    await gateway.stop()
  }
  return { facts, broken }

  async function judgeSink({ name, ledger }: OrderedSink): Promise<number> {
    const left = async () => {
      const { ids } = await ledger.read()
      return [...accepted].filter((id) => !ids.has(id))
    }
    // Consumers take the last of it.
    await until('all have come', async () => (await left()).length === 0, { timeoutMs: 30_000, everyMs: 500 }).catch(
      () => undefined,
    )
    const missing = await left()
    const { ids, lines } = await ledger.read()
    facts[`twice at ${name}`] = lines - ids.size
    if (missing.length > 0)
      broken.push(`${missing.length} did not come to ${name}, first ${missing.slice(0, 3).join(', ')}`)
    return missing.length
  }
}

/** What waits behind the pause becomes dead letters. */
async function killPending({ call }: Gateway, count: number): Promise<void> {
  const path = '/subscriptions/webhook'
  const statOf = async (name: string) => Number((await call('GET', `${path}/stats`)).body[name])
  await until('all wait', async () => (await statOf('waiting')) === count, { timeoutMs: 60_000, everyMs: 200 })
  await call('PATCH', path, { enabled: false })
  await until('all are dead', async () => (await statOf('deadLetters')) === count, { timeoutMs: 120_000, everyMs: 200 })
  await call('PATCH', path, { enabled: true, paused: false })
}

async function begin({ call }: Gateway, name: string): Promise<{ name: string; replayId: unknown; matched: unknown }> {
  const range = { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date().toISOString() }
  const types = ['wechat.message.text']
  const { status, body } = await call('POST', `/subscriptions/${name}/replays`, {
    ...range,
    types,
    ratePerSecond: RATE,
  })
  if (status !== 202) throw new Error(`the replay of ${name} was answered ${status}: ${JSON.stringify(body)}`)
  return { name, replayId: body['replayId'], matched: body['matched'] }
}

async function untilEnded({ call }: Gateway, path: string): Promise<Record<string, unknown>> {
  const ended = async () => {
    const { status, body } = await call('GET', path)
    return status === 200 && body['status'] !== 'running' ? body : undefined
  }
  const answer = async () => (await call('GET', path)).body
  return (await until('the replay has ended', ended, { timeoutMs: ENDED_WITHIN_MS, everyMs: 500 }).catch(answer)) ?? {}
}

export const REPLAYS: readonly Scenario[] = [
  replaying({
    name: 'replays',
    about: 'three replays of 2,000 events, one of two workers killed every 2 s: each event is given',
    fault: killWorkers,
  }),
  replaying({
    name: 'replays-sentinel',
    about: 'the same while sentinels of 1 + 1 + 3 fail over',
    start: () => startSentinels({ replicas: 1 }),
    fault: failOver,
  }),
  replaying({
    name: 'replays-cluster',
    about: 'the same on a cluster of 3 with eight shards, masters killed and started again',
    start: () => startCluster({ args: DURABLE }),
    env: SHARDED,
    fault: restartMaster,
  }),
]
