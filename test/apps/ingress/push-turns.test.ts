// Whoever waits in a burst has waited since it began, and waits for nobody who comes after it.
import { createPushTurns } from '@wxgw/ingress'
import { setImmediate as nextTurnOfTheLoop } from 'node:timers/promises'
import t from 'tap'

void t.test('what is read in one turn of the event loop arrived together, however long the turn takes', async (t) => {
  let nowMs = 1_000
  const nextTurn = createPushTurns({ nowMs: () => nowMs })
  const first = nextTurn()
  nowMs = 1_400
  const second = nextTurn()
  t.equal(await first, 1_000)
  t.equal(await second, 1_000)
  t.equal(await nextTurn(), 1_400)
})

void t.test('what was read in one turn is worked on in its order, one right after the other', async (t) => {
  const nextTurn = createPushTurns({ nowMs: () => 0 })
  const order: string[] = []
  const push = async (name: string) => {
    order.push(`${name} read`)
    await nextTurn()
    order.push(`${name} worked on`)
  }
  const pushes = [push('a'), push('b')]
  setImmediate(() => {
    pushes.push(push('c'))
    order.push('the turn is over')
  })
  await nextTurnOfTheLoop()
  await Promise.all(pushes)
  t.same(order, ['a read', 'b read', 'a worked on', 'b worked on', 'c read', 'the turn is over', 'c worked on'])
})
