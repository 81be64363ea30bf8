// What was acknowledged is delivered, whichever process is killed meanwhile.
import type { Test } from 'tap'
import type { Gateway } from '../../helpers/gateway.ts'
import { until } from '../../helpers/until.ts'
import { openPushLedger } from '../push-ledger.ts'

/** Leaves no process that runs. */
export async function restarts(story: Test, gateway: Gateway): Promise<void> {
  const { acknowledged, push, pushed, isDelivered } = await openPushLedger(story, gateway, 'wx00000000000000a1')

  await push(20)

  await story.test('the worker', async () => {
    const pushing = push(50)
    await gateway.workers.at(-1)?.process.end('SIGKILL')
    await pushing
    await gateway.startWorker()
    await push(10)
  })

  await story.test('the ingress', async (t) => {
    const port = Number(new URL(gateway.publicUrl).port)
    const pushing = push(50)
    await gateway.ingresses[0]?.process.end('SIGKILL')
    await pushing
    await gateway.startIngress({ publicPort: port })
    const before = acknowledged.size
    await push(10)
    t.equal(acknowledged.size, before + 10, 'the next one takes over')
  })

  await story.test('Redis', async (t) => {
    const pushing = push(50)
    await gateway.redis.kill()
    await pushing
    await gateway.redis.start()
    const before = acknowledged.size
    await until('pushes are acknowledged again', async () => {
      await push(1)
      return acknowledged.size > before
    })
    t.ok((await fetch(`${gateway.workers.at(-1)?.url}/healthz`)).ok, 'the worker is the same one')
  })

  await story.test('all that was acknowledged has been delivered', async (t) => {
    t.ok(await until('the ledger is complete', isDelivered, { timeoutMs: 30_000, everyMs: 100 }))
    t.ok(acknowledged.size >= 41, `${acknowledged.size} of ${pushed()} were acknowledged`)
  })

  await story.test('both end with 0 while Redis is frozen', async (t) => {
    process.kill(gateway.redis.pid(), 'SIGSTOP')
    t.teardown(() => process.kill(gateway.redis.pid(), 'SIGCONT'))
    const [ingress, worker] = [gateway.ingresses.at(-1), gateway.workers.at(-1)]
    t.same(await Promise.all([ingress?.process.end(), worker?.process.end()]), [0, 0])
  })
}
