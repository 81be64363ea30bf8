// Owns: how long a command waits for something that may be slow, and what it says when it gives up.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { SCRIPTS } from './tree-under-test.ts'

type Options = { movement?: () => number; stallMs?: number; endMs?: number }
type Patience = { waitFor<T>(what: string, ask: () => T | undefined, options?: Options): Promise<T> }

const { waitFor }: Patience = await import(pathToFileURL(join(SCRIPTS, 'patience.mjs')).href)

void t.test('as long as something moves, what comes late is waited for', async (t) => {
  let looks = 0
  const ask = () => {
    looks += 1
    return looks > 10 ? 'there' : undefined
  }
  t.equal(await waitFor('it comes', ask, { movement: () => looks, stallMs: 1 }), 'there')
})

void t.test('when nothing moves any more, it says what it has waited for', async (t) => {
  let looks = 0
  const ask = () => void (looks += 1)
  const movement = () => Math.min(looks, 5)
  await t.rejects(waitFor('it comes', ask, { movement, stallMs: 100 }), {
    message: 'nothing moved for 0.1 s while waiting until it comes',
  })
  t.ok(looks > 5, 'not before')
})

void t.test('what moves and never comes has an end', async (t) => {
  let looks = 0
  await t.rejects(
    waitFor('it comes', () => void (looks += 1), { movement: () => looks, stallMs: 100, endMs: 300 }),
    {
      message: 'waited for 0.3 s until it comes',
    },
  )
})

void t.test('what throws is not asked again', async (t) => {
  const ask = () => {
    throw new Error('it has ended')
  }
  await t.rejects(waitFor('it comes', ask), { message: 'it has ended' })
})
