// Owns: the stack of two ingresses and two workers on which the stories of this folder run, one after the other.
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { deliveryHealth } from './two-of-each/delivery-health.ts'
import { dispatch } from './two-of-each/dispatch.ts'
import { metrics } from './two-of-each/metrics.ts'
import { tokenAuthority } from './two-of-each/token-authority.ts'

void t.test('two ingresses and two workers', async (t) => {
  const gateway = await startGateway({
    ingresses: 2,
    workers: 2,
    env: { FORCE_MIN_INTERVAL_SECONDS: '2' },
    // A worker that has no ticket asks for one ten seconds after its start. Here it comes when the test pushes it.
    simulator: { pushTicketOnStart: false, attempts: 1 },
  })
  t.teardown(() => gateway.stop())
  // The first one pushes the first ticket; the last one ends every process.
  await t.test('the token authority', (t) => tokenAuthority(t, gateway))
  await t.test('delivery health', (t) => deliveryHealth(t, gateway))
  await t.test('dispatch', (t) => dispatch(t, gateway))
  await t.test('metrics', (t) => metrics(t, gateway))
})
