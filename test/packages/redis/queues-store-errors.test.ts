// Owns: what failures of the store look like to the rest, and that nothing of a command goes along.
import { inspect } from 'node:util'
import { guardStore, isStoreFailure, storeError, storeErrorCode } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { startStore } from './queues-fixture.ts'

async function failureOf(run: () => Promise<unknown>): Promise<unknown> {
  return guardStore(run).then(
    () => undefined,
    (error: unknown) => error,
  )
}

void t.test('an error reply to a broken command is INTERNAL and shows none of its arguments', async (t) => {
  const { commands } = await startStore(t)
  await commands.set('text', 'x')
  for (const run of [() => commands.hset('text', 'CANARY', 'CANARY'), () => commands.call('NOSUCH', 'CANARY')]) {
    const error = await failureOf(run)
    t.ok(error instanceof GatewayError)
    t.match(error, { code: 'INTERNAL', retry: true })
    t.notMatch(inspect(error, { depth: 10, showHidden: true }), /CANARY/)
  }
})

void t.test('a server that refuses, or that is away, is a store away', async (t) => {
  const { commands, server } = await startStore(t)
  await commands.config('SET', 'maxmemory', '1')
  t.match(await failureOf(() => commands.set('a', 'b')), {
    code: 'STORE_UNAVAILABLE',
    retry: true,
    cause: { code: 'OOM' },
  })
  await server.kill()
  t.match(await failureOf(() => commands.get('a')), { code: 'STORE_UNAVAILABLE', retry: true })
})

void t.test('what is no failure of the store passes unchanged', async (t) => {
  const own = new GatewayError('INVALID_REQUEST', 'no')
  const bug = new TypeError('bug')
  t.equal(await failureOf(() => Promise.reject(own)), own)
  t.equal(await failureOf(() => Promise.reject(bug)), bug)
  t.equal(isStoreFailure(bug), false)
  t.equal(storeError(own), own)
})

void t.test('the code for the log is one word', async (t) => {
  const found = storeErrorCode(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }))
  t.equal(found, 'ECONNREFUSED')
  t.equal(storeErrorCode(new Error('secret')), 'Error')
  t.equal(storeErrorCode('secret'), 'unknown')
})
