// Owns: ordered subscriptions of every sink while workers are killed, masters fail over and attempts fail: the events of
// each user come in the order in which they were accepted, and each is delivered or dead.
import { setTimeout as delay } from 'node:timers/promises'
import { startCluster, startSentinels, type RedisForm } from '../../helpers/redis-forms.ts'
import { until } from '../../helpers/until.ts'
import { accountName, ACCOUNTS, keyOf, numberOf, pushInOrder } from '../ordered-load.ts'
import { type OrderedSink, type OrderedSubscription, startOrderedSinks } from '../ordered-sinks.ts'
import { type Gateway, startGateway } from '../rig.ts'
import { type Context, type Facts, type Scenario, type Verdict, withForm } from '../scenario.ts'
import { DURABLE } from './redis-forms.ts'
import { failOver, type FaultVariant, killWorkers, SHARDED } from './repeated-faults.ts'

const MESSAGES = 20_000
const FAILING_SHARE = 0.05
/** Of the first user of each account, every 19th fails until its schedule is over. */
const DEAD_EVERY = 19
const GOES_ON_WITHIN_MS = 20_000
const NOTHING_MORE_MS = 60_000
const MAX_BACKLOG = 100

const ordered = { ordering: 'subject', retry: { scheduleSeconds: [0, 0, 0] } }
/** The last two have one account each, so that they end. */
const SUBSCRIPTIONS: readonly OrderedSubscription[] = [
  { name: 'webhook', kind: 'webhook', body: ordered },
  { name: 'queue', kind: 'queue', body: ordered },
  { name: 'stream', kind: 'stream', body: { ...ordered, ordering: 'authorizer' } },
  { name: 'throttled', kind: 'webhook', body: { ...ordered, throttle: { perSecond: 100 }, ...only(1) } },
  { name: 'paused', kind: 'stream', body: { ...ordered, paused: true, maxBacklog: MAX_BACKLOG, ...only(2) } },
]

function only(account: number) {
  return { match: { types: ['wechat.message.text'], authorizers: [accountName(account)] } }
}

type Variant = FaultVariant & {
  /** What was acknowledged within a failover may be lost, and what was under way waits for locks on top of that. */
  failsOver?: boolean
}

function inOrder({ name, about, start, env = {}, fault, failsOver = false }: Variant): Scenario {
  return {
    name,
    about,
    run(context) {
      const redisArguments = ['--appendfsync', 'everysec']
      return withForm(start, (form) =>
        judge({ form, env, ingresses: 2, workers: 2, redisArguments }, { context, fault, failsOver }),
      )
    },
  }
}

type Judged = Required<Pick<Variant, 'fault' | 'failsOver'>> & { context: Context }

async function judge(
  options: Parameters<typeof startGateway>[0] & { form: RedisForm | undefined },
  { context, fault, failsOver }: Judged,
): Promise<Verdict> {
  const facts: Facts = {}
  const broken: string[] = []
  const accepted = new Map<string, number>()
  const gateway = await startGateway(options)
  const fails = (id: string) => isDead(id) || context.random() < FAILING_SHARE
  const kills = [0]
  const killedBeforeMs = (atMs: number) => kills.findLast((killedAtMs) => killedAtMs <= atMs) ?? 0
  const times = { acceptedAtMs: (id: string) => accepted.get(id), killedBeforeMs }
  const opened = await startOrderedSinks({ gateway, subscriptions: SUBSCRIPTIONS, fails, ...times })
  try {
    const pushing = new AbortController()
    const killed = () => void kills.push(performance.now())
    const faults = fault({ gateway, form: options.form, killed }, pushing.signal)
    const startedAt = performance.now()
    const messages = context.messages ?? MESSAGES
    const acknowledged = (id: string) => accepted.set(id, performance.now())
    facts['refused'] = await pushInOrder({ gateway, messages, acknowledged })
    facts['acknowledged'] = accepted.size
    facts['pushedPerSecond'] = Math.round(accepted.size / ((performance.now() - startedAt) / 1000))
    pushing.abort()
    facts['kills'] = await faults
    await gateway.call('PATCH', '/subscriptions/paused', { paused: false })
    let missing = 0
    for (const sink of opened.sinks) missing += await judgeSink(sink)
    facts['missing'] = missing
    facts['deliveredPerSecond'] = Math.round(accepted.size / ((performance.now() - startedAt) / 1000))
    const left = () => keysLeft(gateway, options.form)
    await until('no list and no order is left', async () => (await left()).length === 0, {
      timeoutMs: 30_000,
      everyMs: 500,
    }).catch(() => undefined)
    const stranded = await left()
    if (stranded.length > 0)
      broken.push(`${stranded.length} keys of lists and orders are left, first ${stranded.slice(0, 3).join(', ')}`)
  } finally {
    await opened.close()
    await gateway.stop()
  }
  return { facts, broken }

  async function judgeSink(sink: OrderedSink): Promise<number> {
    const { name } = sink
    const due = [...accepted.keys()].filter((id) => isFor(name, id))
    const left = await untilAllCame(sink, due)
    const dead = await deadOf(gateway, name)
    const missing = left.filter((id) => !dead.has(id))
    const { ids, lines } = await sink.ledger.read()
    facts[`twice at ${name}`] = lines - ids.size
    facts[`dead at ${name}`] = left.length - missing.length
    const { inAll, sinceKill } = sink.longestStallMs()
    facts[`longestStallMs at ${name}`] = `${inAll}, ${sinceKill} since the last kill`
    const overtaken = sink.overtaken()
    const wrong = overtaken.length + countDisorder(ids)
    if (wrong > 0)
      broken.push(`${wrong} came to ${name} behind a later one of their user: ${overtaken.slice(0, 5).join(', ')}`)
    if (!failsOver && missing.length > 0)
      broken.push(`${missing.length} are neither at ${name} nor dead, first ${missing.slice(0, 5).join(', ')}`)
    const isPaced = name === 'paused' || name === 'throttled'
    if (!failsOver && !isPaced && sinceKill > GOES_ON_WITHIN_MS) broken.push(`a user of ${name} waited ${sinceKill} ms`)
    facts[`lost at ${name}`] = failsOver ? missing.length : 0
    return failsOver ? 0 : missing.length
  }

  /** Answers which have not, when nothing more comes. */
  async function untilAllCame({ ledger, name }: OrderedSink, due: readonly string[]): Promise<string[]> {
    let left = [...due]
    for (let progressAt = performance.now(); performance.now() - progressAt < NOTHING_MORE_MS; await delay(500)) {
      const { ids } = await ledger.read()
      const now = left.filter((id) => !ids.has(id))
      if (now.length < left.length) progressAt = performance.now()
      left = now
      if (left.length === 0 || left.length <= (await countDead(gateway, name))) break
    }
    return left
  }
}

function isFor(name: string, id: string): boolean {
  const account = { throttled: '1', paused: '2' }[name]
  return account === undefined || id.startsWith(`${account} `)
}

function isDead(id: string): boolean {
  return Number(id.split(' ')[1]) < ACCOUNTS && numberOf(id) % DEAD_EVERY === DEAD_EVERY - 1
}

/** `ids` in the order in which each came first. */
function countDisorder(ids: ReadonlySet<string>): number {
  const latest = new Map<string, number>()
  let wrong = 0
  for (const id of ids) {
    if (numberOf(id) < (latest.get(keyOf(id)) ?? -1)) wrong += 1
    else latest.set(keyOf(id), numberOf(id))
  }
  return wrong
}

async function countDead({ call }: Gateway, name: string): Promise<number> {
  return Number((await call('GET', `/subscriptions/${name}/stats`)).body['deadLetters'] ?? 0)
}

async function deadOf({ call }: Gateway, name: string): Promise<Set<string>> {
  const dead = new Set<string>()
  for (let cursor = ''; ;) {
    const { body } = await call('GET', `/subscriptions/${name}/dead-letters?limit=500${cursor}`)
    const items = body['items'] as Array<{ event: { data: { Content: string } } }>
    for (const { event } of items) dead.add(event.data.Content)
    if (typeof body['nextCursor'] !== 'string') return dead
    cursor = `&cursor=${body['nextCursor']}`
  }
}

async function keysLeft(gateway: Gateway, form: RedisForm | undefined): Promise<string[]> {
  const clients = form ? (await form.masters()).map((server) => form.client(server)) : [gateway.connect()]
  const found = await Promise.all(clients.map((client) => client.keys('wx:{wx-*}:*')))
  if (!form) for (const client of clients) client.disconnect()
  return found.flat().filter((key) => /:(lane:|lanes$|order$|order_places$)/.test(key))
}

export const ORDERINGS: readonly Scenario[] = [
  inOrder({
    name: 'ordering',
    about: '200 users, one of two workers killed every 2 s, 5 % of attempts fail: each user in order',
    fault: killWorkers,
  }),
  inOrder({
    name: 'ordering-cluster',
    about: 'the same on a cluster of 3 with eight shards',
    start: () => startCluster({ args: DURABLE }),
    env: SHARDED,
    fault: killWorkers,
  }),
  inOrder({
    name: 'ordering-sentinel',
    about: '200 users, sentinels of 1 + 1 + 3, the master killed: each user in order, and no list is stranded',
    start: () => startSentinels({ replicas: 1 }),
    fault: failOver,
    failsOver: true,
  }),
  inOrder({
    name: 'ordering-cluster-replicas',
    about: 'the same on a cluster of 3 + 3 with eight shards',
    start: () => startCluster({ replicasEach: 1 }),
    env: SHARDED,
    fault: failOver,
    failsOver: true,
  }),
]
