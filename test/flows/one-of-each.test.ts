// Owns: the stack of one ingress and one worker on which the stories of this folder run, one after the other. Each may leave another
// worker behind, and only the last one another ingress.
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { connections } from './one-of-each/connections.ts'
import { endedWorkers } from './one-of-each/ended-workers.ts'
import { messageBatches } from './one-of-each/message-batches.ts'
import { restarts } from './one-of-each/restarts.ts'

void t.test('one ingress and one worker', async (t) => {
  // Unsealed, so that a copied subscription's secret opens under another name.
  const gateway = await startGateway({ env: { SEALING_KEYS: '', ALLOW_UNSEALED: 'true' }, simulator: { attempts: 1 } })
  t.teardown(() => gateway.stop())
  // Without one, the gateway tells every subscription after ten seconds.
  await gateway.simulator.pushTicket()
  await t.test('connections to Redis', (t) => connections(t, gateway))
  await t.test('messages in batches', (t) => messageBatches(t, gateway))
  await t.test('what is held when a worker ends', (t) => endedWorkers(t, gateway))
  await t.test('nothing acknowledged is lost when a process is killed', (t) => restarts(t, gateway))
})
