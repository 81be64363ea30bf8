// Owns: who goes on when a connection of a full pool ends. What is sent over one: guarded-fetch.test.
import { createConnectionPool } from '@wxgw/worker'
import t from 'tap'
import { until } from '../../../helpers/until.ts'

const TARGET = {
  origin: 'http://a.example',
  host: 'a.example',
  port: 80,
  path: '/',
  hostHeader: 'a.example',
  isSecure: false,
}
const { signal } = new AbortController()
const options = { owner: 'open1 crm', signal, fresh: false }

void t.test('all who wait for the only connection go on, one after the other, however each ends', async (t) => {
  for (const end of ['discard', 'giveBack'] as const) {
    const pool = createConnectionPool(() => undefined, { maxOpen: 1 })
    let held = await pool.take(TARGET, options)
    const went: number[] = []
    const waiting = [1, 2, 3].map(async (who) => {
      const connection = await pool.take(TARGET, options)
      went.push(who)
      held = connection
    })
    for (const who of [1, 2, 3]) {
      const before = held
      if (!before) throw new Error('nothing was taken')
      pool[end](before)
      await until(`waiter ${who} goes on`, () => went.length === who)
      t.same(went, [1, 2, 3].slice(0, who), end)
    }
    await Promise.all(waiting)
    if (held) pool.discard(held)
    pool.close()
  }
})

void t.test("an ended connection serves its owner's waiting calls while another owner has the rest", async (t) => {
  const pool = createConnectionPool(() => undefined, { maxOpen: 2 })
  const [mine, other] = [await pool.take(TARGET, options), await pool.take(TARGET, { ...options, owner: 'open1 erp' })]
  if (!mine || !other) throw new Error('nothing was taken')
  const ended = new AbortController()
  const waiting = [signal, ended.signal, signal].map((one) => pool.take(TARGET, { ...options, signal: one }))
  ended.abort()
  pool.discard(mine)
  const second = await Promise.race(waiting.filter((_, index) => index !== 1))
  t.equal(second?.state, 'busy')
  if (second) pool.discard(second)
  const took = await Promise.all(waiting)
  const found = took.map((one) => one !== undefined)
  t.same(found, [true, false, true])
  for (const one of [other, ...took]) if (one) pool.discard(one)
  pool.close()
})
