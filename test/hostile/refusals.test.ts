// Owns: hostile input against real processes. Every refusal of the table: the answer, no echo, no change in Redis, no line in the
// log, and a good request right after each. Authentic pushes, and mutated requests; `npm run test:chaos -- fuzz` does more of those.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { textMessage } from '../apps/ingress/sealed-push.ts'
import { seededRandom } from './fuzz/mutate.ts'
import { fuzzRequests } from './fuzz/fuzz-requests.ts'
import { pushAuthentic } from './push-authentic.ts'
import { attackAuthorization, burnQuota, GOOD } from './attack-authorization.ts'
import { attackHttp } from './attack-http.ts'
import { attackOperators, NARROW_CALLER } from './attack-operators.ts'
import { attackPushes } from './attack-pushes.ts'
import { nowSeconds } from '../helpers/push-text.ts'
import { AUTHORIZER, parsed, PREFIX, pushBytes, startHostileGateway } from './hostile-gateway.ts'
import { requestBytes, sendBytes } from './raw-http.ts'

const SEED = 20_260_101

// Two gateways, which start at once.
t.jobs = 2

void t.test('hostile input is refused, leaves nothing, and is forgotten', { buffered: true }, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-hostile-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const config = join(dir, 'gateway.yaml')
  await writeFile(config, NARROW_CALLER)
  const gateway = await startHostileGateway(t, {
    env: { AUTH_REDIRECT_ORIGINS: GOOD, CONFIG_FILE: config, WEBHOOK_ALLOW_NETWORKS: '' },
  })
  const pids = () =>
    [...gateway.ingresses, ...gateway.workers].map(({ process }) => process.child.exitCode ?? process.child.pid)
  const before = pids()

  await t.test('as HTTP', (t) => attackHttp(t, gateway))
  await t.test('as pushes', (t) => attackPushes(t, gateway))
  await t.test('as authorizations', (t) => attackAuthorization(t, gateway))
  await t.test('as calls of the internal listener', (t) => attackOperators(t, gateway))
  await t.test('the same processes are still there, and their logs say nothing of it', async (t) => {
    t.same(pids(), before)
    gateway.assertQuietLogs(t)
  })

  await t.test('authentic pushes are answered success and delivered as what they are', (t) => pushAuthentic(t, gateway))

  await t.test('mutated requests on every route crash nothing, leak nothing, enqueue nothing', async (t) => {
    const { answers, framed, ...counts } = await fuzzRequests(gateway, { count: 1500, random: seededRandom(SEED) })
    t.same(counts, { requests: 1500, crashes: 0, hung: 0, leaks: 0, enqueued: 0, unexpected5xx: 0, offenders: [] })
    t.ok(framed > 1200 && framed < 1400, `${framed} on connections that serve many`)
    t.ok(Object.keys(answers).length >= 5, JSON.stringify(answers))
  })

  await t.test('C74 without Redis a good push is 503 in time, a forged one still 401', async (t) => {
    const callback = `${AUTHORIZER.appId}/callback`
    const push = () => gateway.seal(textMessage({ to: AUTHORIZER.userName, createTime: nowSeconds() }))
    await gateway.redis.kill()
    const good = await sendBytes(gateway.ports.public, pushBytes(callback, push()))
    t.equal(good.status, 503)
    t.match(parsed(good.body), { code: 'STORE_UNAVAILABLE' })
    t.ok(good.afterMs < 1500, `${good.afterMs} ms`)
    const { query, body } = push()
    const forged = await sendBytes(
      gateway.ports.public,
      pushBytes(callback, { query: { ...query, msg_signature: 'f'.repeat(40) }, body }),
    )
    t.equal(forged.status, 401)
    const page = await sendBytes(
      gateway.ports.public,
      requestBytes('POST', `${PREFIX}/authorize/go`, { headers: { accept: 'text/html' } }),
    )
    t.equal(page.status, 503)
    t.notMatch(page.body, /redis|ECONN/i)
  })
})

void t.test('one address cannot burn the quota, with or without a ticket', { buffered: true }, burnQuota)
