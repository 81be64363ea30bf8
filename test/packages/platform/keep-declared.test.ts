// Owns: what a running process does with the subscriptions of its CONFIG_FILE: it brings them back when Redis has lost them, and
// says so when another process has another file.
import { keepDeclared, type Platform } from '@wxgw/platform'
import { createSubscriptions } from '@wxgw/redis'
import type { DeclaredSubscription } from '@wxgw/runtime'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { collectLog, keys, PLATFORM, sealer, shards, startStore, type Store } from '../redis/queues-fixture.ts'

const declared = (name: string): DeclaredSubscription => {
  return { platform: PLATFORM, name, input: { sink: { kind: 'stream' } }, secret: undefined }
}

function open({ queues, commands }: Store): Platform['subscriptions'] {
  const at = { platform: PLATFORM, platforms: [PLATFORM], redis: commands, keys, sealer, queues }
  return createSubscriptions({ ...at, shards, checkWebhookUrl: () => undefined })
}

/** A process with this file, until the test ends; answers what it logs. */
function startProcess(t: Test, subscriptions: Platform['subscriptions'], file: readonly DeclaredSubscription[]) {
  const ending = new AbortController()
  const log = collectLog()
  const platforms = new Map([[PLATFORM, { subscriptions }]])
  const kept = keepDeclared({ declared: file, platforms, signal: ending.signal, log, everyMs: 20 })
  t.teardown(async () => {
    ending.abort()
    await kept
  })
  return log.lines
}

void t.test('an emptied Redis has them again', async (t) => {
  const store = await startStore(t)
  const subscriptions = open(store)
  startProcess(t, subscriptions, [declared('crm')])
  const isThere = async () => (await subscriptions.all()).some(({ name }) => name === 'crm')
  await until('they are applied', isThere)
  await store.commands.flushall()
  t.ok(await until('they are there again', isThere))
})

void t.test('a process with another file says so once, and overwrites nothing', async (t) => {
  const subscriptions = open(await startStore(t))
  const old = startProcess(t, subscriptions, [])
  startProcess(t, subscriptions, [declared('crm')])
  const said = () => old.filter(({ message }) => message === 'subscriptions.declared_differently')
  const [line] = await until('it is said', () => (said().length > 0 ? said() : undefined))
  t.match(line, { fields: { platform: PLATFORM, names: ['crm'] } })
  t.match(await subscriptions.get('crm'), { enabled: true })
  t.equal(said().length, 1)
})
