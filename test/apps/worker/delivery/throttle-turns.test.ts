// Owns: how the deliveries of a throttled subscription wait for their turn in a process, and which never do.
import type { Throttle } from '@wxgw/redis'
import { createThrottleTurns } from '@wxgw/worker'
import t from 'tap'
import { until } from '../../../helpers/until.ts'
import { subscription } from '../delivery-fixtures.ts'

const NOW = 1_000_000
const THROTTLED = subscription('crm', { throttle: { perSecond: 1 } })
const never = new AbortController().signal

function setUp() {
  let isFull = false
  const asked: boolean[] = []
  const throttle: Throttle = {
    async take(_subscription, { isUrgent }) {
      asked.push(isUrgent)
      return isFull && !isUrgent ? 5 : 0
    },
  }
  const turns = createThrottleTurns({ throttle, clock: { nowMs: () => NOW } })
  return { turns, asked, fill: (full: boolean) => (isFull = full) }
}

void t.test('without a throttle nothing is asked', async (t) => {
  const { turns, asked } = setUp()
  t.same(await turns.take(subscription('crm'), {}, never), { kind: 'now', hasWaited: false })
  t.same(asked, [])
})

void t.test('what a push waits for never waits itself; after its deadline it does', async (t) => {
  const { turns, asked, fill } = setUp()
  fill(true)
  t.same(await turns.take(THROTTLED, { reply: { deadlineAtMs: NOW + 1 } }, never), { kind: 'now', hasWaited: false })
  const late = turns.take(THROTTLED, { reply: { deadlineAtMs: NOW } }, never)
  await until('it has asked', () => asked.length > 3)
  fill(false)
  t.same(await late, { kind: 'now', hasWaited: true })
  t.same(asked.slice(0, 2), [true, false])
})

void t.test('ten of a subscription wait, the others go back, and who waits ends with the process', async (t) => {
  const { turns, fill } = setUp()
  fill(true)
  const stop = new AbortController()
  const waiting = Array.from({ length: 10 }, () => turns.take(THROTTLED, {}, stop.signal))
  t.match(await turns.take(THROTTLED, {}, never), { kind: 'later' })
  stop.abort()
  t.ok((await Promise.all(waiting)).every(({ kind }) => kind === 'now'))
  fill(false)
  t.same(await turns.take(THROTTLED, {}, never), { kind: 'now', hasWaited: false })
})
