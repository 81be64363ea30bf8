// Owns: what is done to a form of Redis under load: masters killed, started again and frozen, slots that move, and both at once.
import { setTimeout as delay } from 'node:timers/promises'
import { moveSlot } from '../../helpers/cluster-slots.ts'
import { type RedisForm, untilReplicated } from '../../helpers/redis-forms.ts'
import type { RedisServer } from '../../helpers/redis-server.ts'
import { until } from '../../helpers/until.ts'
import { acknowledgedAgain, type Context, type Load, untilEnough } from '../scenario.ts'

/** A master is declared dead after 1 s (sentinels) or 2 s (cluster), and an election takes about as long. */
const FAILED_OVER_WITHIN_MS = 60_000
const DOWN_MS = 500
const SLOTS_AT_ONCE = 100
/** One of so many moves meets the end of a master. */
const KILLED_EVERY = 10

export type Fault = (load: Load, form: RedisForm, context: Context) => Promise<void>

/** The same fault until it has happened often enough; the slowest recovery is what counts. */
function again(fault: (load: Load, form: RedisForm) => Promise<void>): Fault {
  return async (load, form, context) => {
    const isEnough = untilEnough(context)
    const masters = (await form.masters()).length
    let faults = 0
    let slowestAgainMs = 0
    do {
      await delay(500 + context.random() * 1_000)
      const startedAt = performance.now()
      await fault(load, form)
      await acknowledgedAgain(load.pusher, FAILED_OVER_WITHIN_MS)
      slowestAgainMs = Math.max(slowestAgainMs, Math.round(performance.now() - startedAt))
      await whole(form, masters)
      faults += 1
    } while (!isEnough(faults))
    load.fact('kills', faults)
    load.fact('acknowledgedAgainMs', slowestAgainMs)
  }
}

/** All servers run, there are as many masters as at first, and the others follow: a former master that starts again claims to be one. */
export async function whole(form: RedisForm, masters: number): Promise<void> {
  for (const server of form.servers) if (!server.isRunning()) await server.start()
  await until(
    'every server is a master or follows one',
    async () => {
      const views = await Promise.all(
        form.servers.map((server) =>
          form
            .client(server)
            .info('replication')
            .catch(() => ''),
        ),
      )
      const following = views.filter((view) => view.includes('master_link_status:up')).length
      return following === form.servers.length - masters && (await form.masters()).length === masters
    },
    { timeoutMs: FAILED_OVER_WITHIN_MS, everyMs: 100 },
  )
  for (const master of await form.masters()) {
    const replicas = Number(/connected_slaves:(\d+)/.exec(await form.client(master).info('replication'))?.[1])
    await untilReplicated(form.client(master), replicas)
  }
}

export const restart = again(async (_load, form) => {
  await killAndStart(await oneMaster(form))
})

/** Pushes are taken while a master is lost, but for some that met it first on a busy machine, and come again. */
export const restartUnnoticed: Fault = async (load, form, context) => {
  load.pusher.mark()
  await restart(load, form, context)
  const { statuses } = load.pusher.report()
  const { 200: taken = 0, ...refused } = statuses
  const share = Object.values(refused).reduce((sum, count) => sum + count, 0) / Math.max(taken, 1)
  load.expect(share < 0.05, `answers while masters were lost: ${JSON.stringify(statuses)}`)
}

export const failover = again(async (_load, form) => {
  const master = await oneMaster(form)
  await master.kill()
  await promoted(form, master)
})

export const freeze = again(async (_load, form) => {
  const master = await oneMaster(form)
  process.kill(master.pid(), 'SIGSTOP')
  try {
    await promoted(form, master)
  } finally {
    process.kill(master.pid(), 'SIGCONT')
  }
})

export async function oneMaster(form: RedisForm): Promise<RedisServer> {
  const [master] = (await form.masters()).toSorted(() => Math.random() - 0.5)
  if (!master) throw new Error('there is no master')
  return master
}

/** Another one serves what `gone` did. */
export async function promoted(form: RedisForm, gone: RedisServer): Promise<void> {
  const others = form.servers.filter((server) => server !== gone)
  const mastersAmong = async () => {
    const roles = await Promise.all(
      others.map(
        async (server) =>
          server.isRunning() &&
          (
            await form
              .client(server)
              .info('replication')
              .catch(() => '')
          ).includes('role:master'),
      ),
    )
    return roles.filter(Boolean).length
  }
  const before = await mastersAmong()
  await until('another master is promoted', async () => (await mastersAmong()) > before, {
    timeoutMs: FAILED_OVER_WITHIN_MS,
    everyMs: 50,
  })
}

/** Moves slots with their keys from the first master to the second and back, a hundred at a time. */
export const reshard: Fault = async (load, form, context) => {
  const isEnough = untilEnough(context)
  let moved = 0
  do {
    for await (const move of movesToAndFro(form)) {
      await moveSlot(form, move)
      moved += 1
    }
  } while (!isEnough(moved))
  load.fact('slotsMoved', moved)
}

/** As `reshard`. Every tenth slot has its keys at the new master, and is still the old one's, when one of the two is killed. */
export const reshardAndKill: Fault = async (load, form, context) => {
  const isEnough = untilEnough(context)
  const masters = (await form.masters()).length
  let moved = 0
  let kills = 0
  do {
    for await (const move of movesToAndFro(form)) {
      const between = async () => {
        await killAndStart(context.random() < 0.5 ? move.from : move.to)
        await whole(form, masters)
        await untilNoneIsDown(form)
        kills += 1
      }
      await moveSlot(form, moved % KILLED_EVERY === 0 ? { ...move, between } : move)
      moved += 1
    }
  } while (!isEnough(kills))
  load.fact('kills', kills)
  load.fact('slotsMoved', moved)
}

async function* movesToAndFro(form: RedisForm): AsyncGenerator<{ slot: number; from: RedisServer; to: RedisServer }> {
  const [first, second] = form.servers
  if (!first || !second) throw new Error('two masters are needed')
  for (const slot of await slotsInUse(form, first)) yield { slot, from: first, to: second }
  for (const slot of await slotsInUse(form, second)) yield { slot, from: second, to: first }
}

/** A master that has started again takes no keys at first. */
async function untilNoneIsDown(form: RedisForm): Promise<void> {
  const isDown = async (server: RedisServer) =>
    !String(
      await form
        .client(server)
        .call('CLUSTER', 'INFO')
        .catch(() => ''),
    ).includes('cluster_state:ok')
  await until('no node is down', async () => !(await Promise.all(form.servers.map(isDown))).includes(true), {
    timeoutMs: FAILED_OVER_WITHIN_MS,
    everyMs: 100,
  })
}

async function killAndStart(server: RedisServer): Promise<void> {
  await server.kill()
  await delay(DOWN_MS)
  await server.start()
}

async function slotsInUse(form: RedisForm, server: RedisServer): Promise<number[]> {
  const client = form.client(server)
  const own = String(await client.call('CLUSTER', 'MYID'))
  const shards = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number, string]][]
  const slots = shards
    .filter(([, , [, , id]]) => id === own)
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => from + n))
  const counts = await Promise.all(slots.map((slot) => client.call('CLUSTER', 'COUNTKEYSINSLOT', slot)))
  return slots.filter((_, index) => Number(counts[index]) > 0).slice(0, SLOTS_AT_ONCE)
}
