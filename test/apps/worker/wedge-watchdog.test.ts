// A worker that takes nothing although it should is noticed, and no other.
import { createLogger } from '@wxgw/runtime'
import { startWedgeWatchdog, type WatchedQueue } from '@wxgw/worker'
import t from 'tap'
import { until } from '../../helpers/until.ts'

const log = createLogger({ level: 'silent', name: 'test' })

type Overrides = Partial<{
  queues: () => WatchedQueue[]
  taken: () => number
  hasRoom: () => boolean
  waiting: number
  probe: () => Promise<void>
}>

function watched(overrides: Overrides = {}) {
  const wedged: string[] = []
  let looks = 0
  const messages = {
    queue: 'messages',
    taken: overrides.taken ?? (() => 0),
    hasRoom: overrides.hasRoom ?? (() => true),
  }
  const watchdog = startWedgeWatchdog({
    queues: overrides.queues ?? (() => [messages]),
    waiting: async () => overrides.waiting ?? 1,
    probe: async () => {
      looks += 1
      await overrides.probe?.()
    },
    onWedged: (queue) => wedged.push(queue),
    everyMs: 1,
    log,
  })
  return {
    wedged,
    watchdog,
    lookedTimes: (count: number) => until(`${count} looks`, () => looks >= count || wedged.length > 0),
  }
}

void t.test('jobs wait at six looks in a row, and none is taken: it is wedged', async (t) => {
  const { wedged, watchdog } = watched()
  await until('it is noticed', () => wedged.length > 0)
  t.same(wedged, ['messages'])
  await watchdog.stop()
  t.same(wedged, ['messages'], 'it is said once')
})

void t.test('a queue that appears later is watched as well, from then on', async (t) => {
  const late = { queue: 'deliveries', taken: () => 0, hasRoom: () => true }
  const healthy = { queue: 'messages', taken: () => (taken += 1), hasRoom: () => true }
  let taken = 0
  let isThere = false
  const { wedged, watchdog, lookedTimes } = watched({ queues: () => (isThere ? [healthy, late] : [healthy]) })
  await lookedTimes(10)
  t.same(wedged, [])
  isThere = true
  await until('it is noticed', () => wedged.length > 0)
  t.same(wedged, ['deliveries'])
  await watchdog.stop()
})

const harmless = {
  'one that takes jobs': () => {
    let taken = 0
    return { taken: () => (taken += 1) }
  },
  'one whose hands are full': () => ({ hasRoom: () => false }),
  'one that is always another': () => ({
    queues: () => [{ queue: 'deliveries', taken: () => 0, hasRoom: () => true }],
  }),
  'one for whom nothing waits': () => ({ waiting: 0 }),
  'one whose Redis takes no writes': () => ({ probe: () => Promise.reject(new Error('OOM')) }),
}

for (const [who, overrides] of Object.entries(harmless)) {
  void t.test(`${who} is left alone`, async (t) => {
    const { wedged, watchdog, lookedTimes } = watched(overrides())
    await lookedTimes(20)
    t.same(wedged, [])
    await watchdog.stop()
  })
}
