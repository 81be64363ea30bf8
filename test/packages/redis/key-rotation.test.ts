// Sealing everything anew: nothing is left under the old key, nothing that others write meanwhile is lost, and a process with the
// wrong keys never gets as far as writing.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createSealer, platformKeys, resealPlatform } from '@wxgw/redis'
import { Secret } from '@wxgw/wechat-core'
import { rotateKeys } from '@wxgw/worker'
import t from 'tap'
import { freePort } from '../../helpers/free-port.ts'
import { startProcess } from '../../helpers/process.ts'
import { openProcess, startAuthority } from '../platform/token-fixture.ts'

const newKey = () => randomBytes(32).toString('base64')

void t.test('rotating the sealing keys', async (suite) => {
  const [k1, k2] = [newKey(), newKey()]
  const authority = await startAuthority({ env: { SEALING_KEYS: `k1:${k1}` } })
  suite.teardown(() => authority.stop())
  const { redis, platforms, simulator, env, connections } = authority
  const [platform] = platforms
  const [connection] = connections
  if (!connection) throw new Error('a connection')
  await platform.installation.mark()
  const appId = await authority.authorized()
  await authority.authorized()
  simulator.configure({ refreshTokenRotation: 'strict' })
  await platform.authorizerTokens.refreshNow(appId)
  await platform.apiTickets.get(appId, 'jsapi')
  await platform.subscriptions.put('crm', { sink: { kind: 'webhook', url: 'https://crm.example/hooks' } })
  await platform.pushQueue.componentEvent({
    eventId: 'ev_1',
    plaintext: '<xml/>',
    receivedAtMs: Date.now(),
    made: 'ordered',
  })
  await platform.unparsedPushes.keep({ eventId: 'ev_2', plaintext: 'no XML', receivedAtMs: Date.now() })
  const [secret] = await platform.subscriptions.webhookSecrets('crm')

  /** Everything that stands in Redis, as text. */
  async function everything(): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const key of (await redis.keys('*')).toSorted()) {
      const type = await redis.type(key)
      if (type === 'string') found[key] = (await redis.get(key)) ?? ''
      if (type === 'hash')
        found[key] = JSON.stringify(
          Object.entries(await redis.hgetall(key)).toSorted(([left], [right]) => (left < right ? -1 : 1)),
        )
      if (type === 'list') found[key] = JSON.stringify(await redis.lrange(key, 0, -1))
      if (type === 'zset') found[key] = JSON.stringify(await redis.zrange(key, 0, '-1', 'WITHSCORES'))
    }
    return found
  }

  await suite.test('a worker and an ingress whose keys open nothing end before anything is written', async (t) => {
    const before = await everything()
    await Promise.all(
      ['apps/worker/dist/main.js', 'apps/ingress/dist/main.js'].map(async (main) => {
        const ports = {
          WORKER_PORT: String(await freePort()),
          PUBLIC_PORT: String(await freePort()),
          INTERNAL_PORT: String(await freePort()),
        }
        const process = startProcess(main, { ...env, ...ports, SEALING_KEYS: `other:${newKey()}` })
        const [code] = await once(process.child, 'exit')
        t.equal(code, 1, main)
        t.match(process.output(), /SEALING_KEYS/)
      }),
    )
    t.strictSame(await everything(), before)
  })

  await suite.test('the command without the old key changes nothing and says so', async (t) => {
    const before = await everything()
    const reports: unknown[] = []
    t.equal(
      await rotateKeys({ env: { ...env, SEALING_KEYS: `k2:${k2}` }, report: (fields) => reports.push(fields) }),
      false,
    )
    t.match(reports, [{ platform: 'open1', error: /SEALING_KEYS/ }])
    t.strictSame(await everything(), before)
  })

  await suite.test('it seals everything anew, and once is enough', async (t) => {
    const run = async () => {
      const reports: Array<Record<string, unknown>> = []
      t.equal(
        await rotateKeys({
          env: { ...env, SEALING_KEYS: `k2:${k2},k1:${k1}` },
          report: (fields) => reports.push(fields),
        }),
        true,
      )
      return reports[0]
    }
    const resealed = (count: number) => ({ current: 0, resealed: count, changed: 0, unopened: 0 })
    t.match(await run(), {
      platform: 'open1',
      refresh_token: resealed(2),
      refresh_token_history: resealed(1),
      ticket: resealed(1),
      api_ticket: resealed(1),
      webhook_secret: resealed(1),
      job: resealed(1),
      unparsed_push: resealed(1),
      key_check: resealed(1),
    })
    t.notOk(
      Object.values(await everything()).some((text) => text.includes('v1.k1.')),
      'nothing is left under k1',
    )
    t.match(await run(), { refresh_token: { current: 2, resealed: 0 }, key_check: { current: 1, resealed: 0 } })
  })

  await suite.test('what it has sealed is what stood there, and the old key is not needed any more', async (t) => {
    const next = await openProcess({ ...authority.config, sealingKeys: [{ id: 'k2', key: Buffer.from(k2, 'base64') }] })
    t.teardown(() => next.close())
    const recoveries = simulator.countCalls('api_get_authorizer_info', appId)
    const { token } = await next.platform.authorizerTokens.refreshNow(appId)
    t.ok(simulator.isCurrentAccessToken(appId, token.reveal()))
    t.equal(simulator.countCalls('api_get_authorizer_info', appId), recoveries, 'by the stored refresh token')
    const [again] = await next.platform.subscriptions.webhookSecrets('crm')
    t.equal(again?.reveal(), secret?.reveal())
    await next.platform.componentTokens.refreshNow()
  })

  await suite.test('what a process writes meanwhile stays', async (t) => {
    const keys = platformKeys('open1')
    const inner = createSealer([
      { id: 'k3', key: randomBytes(32) },
      { id: 'k2', key: Buffer.from(k2, 'base64') },
      { id: 'k1', key: Buffer.from(k1, 'base64') },
    ])
    let written = ''
    const sealer: typeof inner = {
      ...inner,
      seal: (plaintext, place) => inner.seal(plaintext, place),
      open(sealed, place) {
        const opened = inner.open(sealed, place)
        // Between the look and the replacement somebody stores another ticket. Commands of one connection keep their order.
        if (place.field === 'component_verify_ticket') {
          written = createSealer([{ id: 'k2', key: Buffer.from(k2, 'base64') }]).seal('ticket@@@newer', place)
          void connection.hset(keys.ticket, 'ticket', written)
        }
        return opened
      },
    }
    t.equal((await resealPlatform({ platform: 'open1', redis: connection, keys, sealer })).ticket.changed, 1)
    t.equal(await redis.hget(keys.ticket, 'ticket'), written)
    t.equal(
      inner.open(written, { platform: 'open1', subject: 'component', field: 'component_verify_ticket' }).reveal(),
      new Secret('ticket@@@newer').reveal(),
    )
  })
})
