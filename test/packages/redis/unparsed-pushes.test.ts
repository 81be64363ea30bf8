// Owns: that a push which could not be parsed waits for an operator: sealed, for a day, and not more of them than are said.
import { randomBytes } from 'node:crypto'
import { createSealer, createUnparsedPushes, MAX_UNPARSED_PUSHES } from '@wxgw/redis'
import { showUnparsed } from '@wxgw/worker'
import t from 'tap'
import { dump, keys, PLATFORM, startStore } from './queues-fixture.ts'

const PUSH = '{"ComponentVerifyTicket":"ticket@@@CANARY"}'

void t.test('it stands there sealed, for a day, and the latest are kept', async (t) => {
  const store = await startStore(t)
  const sealingKey = randomBytes(32)
  const pushes = createUnparsedPushes({
    platform: PLATFORM,
    redis: store.commands,
    keys,
    sealer: createSealer([{ id: 'k1', key: sealingKey }]),
  })
  for (let at = 1; at <= MAX_UNPARSED_PUSHES + 2; at++)
    await pushes.keep({ eventId: `ev_${at}`, plaintext: PUSH, receivedAtMs: at })
  t.notMatch(await dump(store.commands), /CANARY/)
  const listed = await pushes.list()
  t.equal(listed.length, MAX_UNPARSED_PUSHES)
  t.same(
    [listed[0], listed.at(-1)],
    [
      { eventId: `ev_${MAX_UNPARSED_PUSHES + 2}`, receivedAtMs: MAX_UNPARSED_PUSHES + 2 },
      { eventId: 'ev_3', receivedAtMs: 3 },
    ],
  )
  t.equal((await pushes.read('ev_3'))?.reveal(), PUSH)
  t.equal(await pushes.read('ev_1'), undefined)
  const lives = await Promise.all((await store.commands.keys('wx:*')).map((key) => store.commands.ttl(key)))
  t.ok(lives.length === MAX_UNPARSED_PUSHES + 1 && lives.every((life) => life > 86_000 && life <= 86_400))

  await store.commands.del(keys.unparsedPush('ev_3'))
  t.equal((await pushes.list()).length, MAX_UNPARSED_PUSHES - 1, 'one whose day is over is not listed')

  const env = {
    REDIS_URL: store.server.url,
    WX_COMPONENT_APPID: 'wxc000000000000001',
    WX_COMPONENT_APPSECRET: 'secret-of-the-tests',
    WX_TOKEN: 'token',
    WX_ENCODING_AES_KEY: 'a'.repeat(43),
    SEALING_KEYS: `k1:${sealingKey.toString('base64')}`,
    API_KEYS: `ops=${'k'.repeat(32)}`,
  }
  const show = async (eventId?: string) => {
    const lines: string[] = []
    const found = await showUnparsed({ env, eventId, print: (line) => lines.push(line), warn: (line) => t.fail(line) })
    return { found, lines }
  }
  const all = await show()
  t.equal(all.lines.length, MAX_UNPARSED_PUSHES - 1)
  t.same(JSON.parse(all.lines.at(-1) ?? ''), {
    platform: PLATFORM,
    eventId: 'ev_4',
    receivedAt: '1970-01-01T00:00:00.004Z',
  })
  t.notMatch(all.lines.join('\n'), /CANARY/)
  t.same(await show('ev_4'), { found: true, lines: [PUSH] })
  t.same(await show('ev_none'), { found: false, lines: [] })
})
