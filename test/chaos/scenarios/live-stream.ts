// Owns: readers of the live stream that are cut again and again, while ingresses are killed or Redis fails over:
// no gap, and nothing twice.
import { setTimeout as delay } from 'node:timers/promises'
import { startCluster, startSentinels, type RedisForm } from '../../helpers/redis-forms.ts'
import { until } from '../../helpers/until.ts'
import { openLedger } from '../ledger.ts'
import { type Account, type PusherOptions, startPusher } from '../pusher.ts'
import { type Gateway, startGateway } from '../rig.ts'
import { type Context, type Facts, type Scenario, type Verdict, withForm } from '../scenario.ts'
import { readStream } from '../stream-reader.ts'
import { oneMaster, promoted, whole } from './form-faults.ts'
import { DURABLE } from './redis-forms.ts'

const RATE = 500
const KILLS = 5
const CUTS = 20
const ALL_CAME_WITHIN_MS = 60_000

type Fault = (gateway: Gateway, form: RedisForm | undefined) => Promise<void>
type Variant = {
  name: string
  about: string
  start?(): Promise<RedisForm>
  env?: Record<string, string>
  accounts?: readonly Account[]
  fault: Fault
  failsOver?: boolean
}

function streaming({ name, about, start, ...variant }: Variant): Scenario {
  return {
    name,
    about,
    run: (context) => withForm(start, (form) => judge(context, { ...variant, form })),
  }
}

async function judge(
  { ratePerSecond = RATE, times = KILLS, seconds }: Context,
  {
    env = {},
    accounts,
    fault,
    failsOver = false,
    form,
  }: Omit<Variant, 'name' | 'about' | 'start'> & { form: RedisForm | undefined },
): Promise<Verdict> {
  const facts: Facts = {}
  const broken: string[] = []
  const gateway = await startGateway({ form, env, ingresses: 2, redisArguments: ['--appendfsync', 'everysec'] })
  const acks = await openLedger('acks')
  const urls = () => gateway.ingresses.filter((member) => !gateway.outOfService.has(member)).map(({ url }) => url)
  const reader = readStream(urls)
  // To whoever reads without a break each gap is reported.
  const witness = readStream(urls)
  const load: PusherOptions = {
    component: gateway.component,
    publicUrls: gateway.publicUrls,
    ratePerSecond,
    run: `s${process.pid}`,
    attempts: 3,
    acks,
    ...(accounts ? { accounts } : {}),
  }
  try {
    // It begins now: what was pushed before is not its.
    await until('both read', () => reader.connections() > 0 && witness.connections() > 0)
    await delay(1_000)
    const pusher = startPusher(load)
    const end = performance.now() + seconds * 1_000
    let cuts = 0
    for (let kills = 0; kills < times || performance.now() < end; kills += 1) {
      for (let cut = 0; cut < CUTS / KILLS; cut += 1, cuts += 1) {
        await delay(200)
        reader.cut()
      }
      await fault(gateway, form)
    }
    const { acknowledged } = await pusher.stop()
    const { ids } = await acks.read()
    const missingOf = (got: readonly string[]) => {
      const known = new Set(got)
      return [...ids].filter((id) => !known.has(id))
    }
    const isWhole = () => [reader, witness].every(({ received }) => new Set(received).size >= ids.size)
    await until('all have come', isWhole, { timeoutMs: ALL_CAME_WITHIN_MS, everyMs: 200 }).catch(() => undefined)
    facts['acknowledged'] = acknowledged
    facts['kills'] = times
    facts['cuts'] = cuts
    for (const [who, { received, connections, gaps, repeatsWithoutGap }] of Object.entries({ reader, witness })) {
      const missing = missingOf(received)
      const twice = received.length - new Set(received).size
      facts[`${who}: connections, gaps, twice, missing`] = `${connections()}, ${gaps()}, ${twice}, ${missing.length}`
      // What a failover has lost is recorded again, behind a gap.
      if (repeatsWithoutGap() > 0) broken.push(`${repeatsWithoutGap()} came twice to the ${who} without a gap between`)
      if (missing.length > 0)
        broken.push(`${missing.length} did not come to the ${who}, first ${missing.slice(0, 3).join(', ')}`)
      if (gaps() > 0 && !failsOver) broken.push(`${gaps()} gaps were reported to the ${who}`)
    }
    facts['missing'] = missingOf(reader.received).length
  } finally {
    await Promise.all([reader.close(), witness.close()])
    await acks.close()
    await gateway.stop()
  }
  return { facts, broken }
}

async function killIngress(gateway: Gateway): Promise<void> {
  const [victim] = gateway.ingresses
  if (!victim) throw new Error('there is no ingress')
  gateway.outOfService.add(victim)
  await victim.process.end('SIGKILL')
  await gateway.startIngress(victim)
  // The other one is next.
  gateway.ingresses.push(...gateway.ingresses.splice(0, 1))
}

async function failOver(_gateway: Gateway, form: RedisForm | undefined): Promise<void> {
  if (!form) throw new Error('one server has nothing to fail over to')
  const masters = (await form.masters()).length
  const master = await oneMaster(form)
  await master.kill()
  await promoted(form, master)
  await whole(form, masters)
}

const accounts = Array.from({ length: 32 }, (_, index) => ({
  appId: `wx${String(index).padStart(16, '0')}`,
  userName: `gh_${index}`,
}))
const SHARDED = { env: { MESSAGE_SHARDS: '8' }, accounts }

export const LIVE_STREAMS: readonly Scenario[] = [
  streaming({
    name: 'live-stream',
    about: `a reader of the live stream is cut ${CUTS} times, ingresses are killed ${KILLS} times at ${RATE} pushes/s`,
    fault: killIngress,
  }),
  streaming({
    name: 'live-stream-cluster',
    about: 'the same on a cluster of 3 with eight shards',
    start: () => startCluster({ args: DURABLE }),
    fault: killIngress,
    ...SHARDED,
  }),
  streaming({
    name: 'live-stream-sentinel',
    about: 'readers of the live stream while sentinels of 1 + 1 + 3 fail over',
    start: () => startSentinels({ replicas: 1 }),
    fault: failOver,
    failsOver: true,
  }),
]
