// Owns: taking a listener out of service under traffic.
import { drain } from '@wxgw/ingress'
import { until } from '../../helpers/until.ts'
import t from 'tap'
import { NOW_MS } from './samples.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { listen } from './raw-client.ts'
import { componentDocument, queryText, sealPush } from './sealed-push.ts'

void t.test('while draining it is not ready, serves on, and asks clients to go', async (t) => {
  const { internalServer } = createGateway(t)
  const port = await listen(internalServer)
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  t.equal((await get('/readyz')).status, 200)
  const drained = drain(internalServer, { graceMs: 400 })
  const readiness = await get('/readyz')
  t.equal(readiness.status, 503)
  t.match(await readiness.json(), {
    status: 'not ready',
    checks: [{ name: 'serving', ok: false, reason: 'shutting down' }],
  })
  const healthy = await get('/healthz')
  t.equal(healthy.status, 200)
  t.equal(healthy.headers.get('connection'), 'close')
  await drained
  await t.rejects(get('/healthz'))
})

void t.test('what is in flight is finished, and asking twice is asking once', async (t) => {
  const { publicServer, fake } = createGateway(t)
  const port = await listen(publicServer)
  let accept = (): void => undefined
  let asked = false
  fake.intake.accept = () => {
    asked = true
    return new Promise((resolve) => {
      accept = () => resolve('accepted')
    })
  }
  const { query, body } = sealPush(componentDocument('x', NOW_MS / 1000), NOW_MS / 1000)
  const pushed = fetch(`http://127.0.0.1:${port}${PREFIX}/event?${queryText(query)}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body,
  })
  await until('the push has arrived', () => asked)
  const drained = drain(publicServer, { graceMs: 10 })
  t.equal(drain(publicServer), drained)
  await until('the listener is closed', () => !publicServer.server.listening)
  accept()
  t.equal(await (await pushed).text(), 'success')
  await drained
})
