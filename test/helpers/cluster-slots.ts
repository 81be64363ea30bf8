// Owns: moving a slot of a cluster from one master to another, as an operator does.
import type { RedisForm } from './redis-forms.ts'
import type { RedisServer } from './redis-server.ts'

const KEYS_AT_ONCE = 100
const MIGRATE_TIMEOUT_MS = 5_000

type Move = {
  slot: number
  from: RedisServer
  to: RedisServer
  /** Runs when all keys stand at `to` while the slot is still `from`'s: whoever wants a key is sent on by ASK. */
  between?(): Promise<void>
}

export async function moveSlot(form: RedisForm, { slot, from, to, between }: Move): Promise<void> {
  const [source, target] = [form.client(from), form.client(to)]
  const [sourceId, targetId] = await Promise.all([idOf(form, from), idOf(form, to)])
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId)
  await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId)
  for (;;) {
    const keys = await source.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE)
    if (!Array.isArray(keys) || keys.length === 0) break
    await source.call(
      'MIGRATE',
      '127.0.0.1',
      to.port,
      '',
      0,
      MIGRATE_TIMEOUT_MS,
      'REPLACE',
      'KEYS',
      ...keys.map(String),
    )
  }
  await between?.()
  await target.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
  await source.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
}

/** The master that has the slot of this key. */
export async function ownerOf(form: RedisForm, key: string): Promise<{ slot: number; owner: RedisServer }> {
  const masters = await form.masters()
  for (const server of masters) {
    const client = form.client(server)
    const slot = Number(await client.call('CLUSTER', 'KEYSLOT', key))
    const mine =
      new RegExp(`^${await idOf(form, server)} .*$`, 'm').exec(String(await client.call('CLUSTER', 'NODES')))?.[0] ?? ''
    const ranges = [...mine.matchAll(/ (\d+)(?:-(\d+))?(?= |$)/g)]
      .slice(3)
      .map(([, first, last = first]) => [Number(first), Number(last)] as const)
    if (ranges.some(([first, last]) => first <= slot && slot <= last)) return { slot, owner: server }
  }
  throw new Error(`no master has the slot of ${key}`)
}

async function idOf(form: RedisForm, server: RedisServer): Promise<string> {
  return String(await form.client(server).call('CLUSTER', 'MYID'))
}
