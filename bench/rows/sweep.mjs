// Owns: the rows "sweep": the CPU of Redis for the refresh schedule, and the memory per authorizer, over growing
// numbers of authorizers of which a hundred are due. It has a Redis of its own, which is dropped as a whole.
import { createAuthorizers } from '../stack/authorizers.mjs'
import { startRedis } from '../stack/redis-server.mjs'

const DUE = 100
const PER_TICK = 20
const GOAL_TICK_MS = 50
const GOAL_BYTES = 2_560

export async function sweep({ plan }) {
  const rows = []
  for (const { authorizers, slowestTickMs, bytesPerAuthorizer, ticks } of await measureSweep(plan.authorizers)) {
    const count = authorizers.toLocaleString('en')
    rows.push(
      {
        row: `refresh schedule, ${count} authorizers: slowest tick`,
        unit: 'ms of Redis',
        runs: [slowestTickMs],
        value: slowestTickMs,
        goal: `<= ${GOAL_TICK_MS}`,
        detail: { due: DUE, ticks: ticks.length },
        ok: slowestTickMs <= GOAL_TICK_MS,
      },
      {
        row: `Redis memory per authorizer at ${count}`,
        unit: 'bytes',
        runs: [bytesPerAuthorizer],
        value: bytesPerAuthorizer,
        goal: `<= ${GOAL_BYTES}`,
        detail: {},
        ok: bytesPerAuthorizer <= GOAL_BYTES,
      },
    )
  }
  return rows
}

/** One report for each of the `counts`, in ascending order. */
export async function measureSweep(counts) {
  const server = await startRedis()
  let authorizers
  try {
    authorizers = await createAuthorizers(server)
    const parts = await authorizers.parts()
    const reports = []
    for (const count of counts) {
      const startedAt = performance.now()
      const bytesPerAuthorizer = await authorizers.growTo(count)
      const storedInSeconds = Math.round((performance.now() - startedAt) / 1000)
      await authorizers.makeDue(DUE)
      const ticks = await drainSchedule(server, authorizers.schedule)
      reports.push({
        authorizers: count,
        due: DUE,
        storedInSeconds,
        bytesPerAuthorizer,
        slowestTickMs: Math.max(...ticks) / 1000,
        ticks,
        parts,
        redis: await server.version(),
      })
    }
    return reports
  } finally {
    authorizers?.close()
    await server.stop()
  }
}

/** Microseconds of Redis per tick, with the last one that finds nothing. */
async function drainSchedule(server, schedule) {
  const ticks = []
  for (;;) {
    await server.client.config('RESETSTAT')
    const { subjects } = await schedule.takeDue(PER_TICK, 60_000)
    const stats = await server.client.info('commandstats')
    ticks.push(
      [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)/g)].reduce(
        (sum, [, usec]) => sum + Number(usec),
        0,
      ),
    )
    if (subjects.length === 0) return ticks
    if (ticks.length > DUE) throw new Error('the schedule never gets empty')
  }
}
