// Owns: which dead letters are announced, and how many the others were.
import { createAnnouncements } from '@wxgw/redis'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { keys, startStore } from './queues-fixture.ts'

const dead = (subscription: string, number: number) => {
  return { subscription, eventId: `ev_${number}`, eventType: 'wechat.message.text', attempts: 3, reason: 'HTTP 500' }
}

void t.test('ten dead letters per subscription and window are announced, and the last at its end', async (t) => {
  const { commands: redis } = await startStore(t)
  const here = createAnnouncements({ redis, keys, windowMs: 2_000 })
  const there = createAnnouncements({ redis, keys, windowMs: 2_000 })
  const notes = Array.from({ length: 16 }, (_, number) =>
    (number % 2 === 0 ? here : there).noteDeadLetter(dead('crm', number)),
  )
  t.equal((await Promise.all(notes)).filter(Boolean).length, 10)
  await here.noteDeadLetter(dead('crm', 99))
  t.equal(await there.noteDeadLetter(dead('other', 1)), true, 'each subscription has its own')
  const first = await here.toAnnounce()
  t.equal(first.length, 11)
  t.ok(first.every(({ about }) => about.kind === 'dead_letter' && about.leftOut === 0))
  for (const { id } of first) await here.announced(id)
  const last = await until('the window ends', async () => (await here.toAnnounce())[0])
  t.match(last, { about: { kind: 'dead_letter', ...dead('crm', 99), leftOut: 6 } })
  await here.announced(last.id)
  await until(
    'nothing is kept',
    async () => (await here.toAnnounce()).length === 0 && (await redis.exists(keys.deadLetterWindows)) === 0,
  )
})
