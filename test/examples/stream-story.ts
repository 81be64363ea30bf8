// Owns: what a consumer of a stream has to do as a member of a group.
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { until } from '../helpers/until.ts'
import { eventIdIn, startProgram } from './programs.ts'
import { APP, createConsumer, type Stage } from './stage.ts'

export async function readsStream(t: Test, stage: Stage): Promise<void> {
  const { gateway, folder, language } = stage
  const { simulator, call } = gateway
  const redis = new Redis(gateway.redis.url)
  t.teardown(() => redis.disconnect())
  const subscription = `${language.name}-stream`
  const { body } = await call('PUT', `/subscriptions/${subscription}`, {
    match: { types: ['wechat.message.*'] },
    sink: { kind: 'stream' },
  })
  const stream = String(body.sink?.stream)
  await simulator.sendText(APP, { content: 'deleted meanwhile' })
  await simulator.sendText(APP, { content: 'left by another' })
  await until('both are in the stream', async () => (await redis.xlen(stream)) === 2)
  await redis.xgroup('CREATE', stream, 'crm', '0')
  await redis.xreadgroup('GROUP', 'crm', 'crashed', 'COUNT', 10, 'STREAMS', stream, '>')
  const [first] = await redis.xrange(stream, '-', '+', 'COUNT', 1)
  await redis.xdel(stream, first?.[0] ?? '')

  const user = await createConsumer(stage, 'crm-stream', subscription)
  const env = { ...user, STREAM: stream, CLAIM_AFTER_MS: '100' }
  const program = startProgram(t, { language, kind: 'stream', folder, env })
  await program.until('it takes over', () => program.output().includes('left by another'))
  await simulator.sendText(APP, { content: 'through the stream' })
  const id = await program.until('it reads what is new', () => eventIdIn(program.output(), 'through the stream'))
  await call('POST', `/events/${id}/replay`)
  await until('the event stands there twice', async () => (await redis.xlen(stream)) === 3)
  await until('all is read and acknowledged', async () => {
    const [lastId] = (await redis.xrevrange(stream, '+', '-', 'COUNT', 1))[0] ?? []
    const [group] = fieldsOf(await redis.xinfo('GROUPS', stream))
    return group?.['last-delivered-id'] === lastId && group?.['pending'] === 0
  })
  t.equal(program.output().split('through the stream').length, 2, 'it was handled once')
  t.equal(program.child.exitCode, null, 'and goes on')
  if (language.name === 'node') t.equal(await program.end('SIGTERM'), 0, 'it ends when it is told to')
  if (language.name === 'python') {
    t.equal(await program.end('SIGINT'), 0, 'it ends on Ctrl-C')
    t.notMatch(program.output(), 'Traceback')
  }
  await call('DELETE', `/subscriptions/${subscription}`)
}

/** Redis' lists of names and values as objects. */
function fieldsOf(answer: unknown): Array<Record<string, unknown>> {
  if (!Array.isArray(answer)) return []
  return answer.map((row: unknown) => {
    const flat: unknown[] = Array.isArray(row) ? row : []
    return Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[String(name), flat[index + 1]]] : [])))
  })
}
