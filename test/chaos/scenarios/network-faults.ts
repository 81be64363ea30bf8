// Owns: wires that are cut, swallow, stall or lose single replies.
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { AUTHORIZER } from '../pusher.ts'
import { startGateway, readinessOf } from '../rig.ts'
import {
  acknowledgedAgain,
  deliveredAgain,
  type Scenario,
  SLOWEST_ANSWER_MS,
  underLoad,
  type Verdict,
} from '../scenario.ts'
import { expectRefusals, recover } from './redis-faults.ts'

export const ingressBlackHole: Scenario = {
  name: 'black-hole-ingress',
  about:
    'nothing passes between the ingress and Redis any more, and nobody is told; old connections stay dead after it',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ slowestMs: SLOWEST_ANSWER_MS, ratePerSecond }, async (load) => {
      load.gateway.wires.ingress.blackHole()
      await expectRefusals(load)
      await delay(seconds * 1000)
      load.gateway.wires.ingress.pass()
      await recover(load)
    }),
}

export const workerBlackHole: Scenario = {
  name: 'black-hole-worker',
  about: 'the same between the worker and Redis',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ slowestMs: SLOWEST_ANSWER_MS, ratePerSecond }, async (load) => {
      load.gateway.wires.worker.blackHole()
      await delay(seconds * 1000)
      load.gateway.wires.worker.pass()
      await recover(load, { workingWithinMs: 20_000 })
    }),
}

export const wechatBlackHole: Scenario = {
  name: 'black-hole-wechat',
  about: 'the same between the gateway and WeChat: tokens that are valid are served, a forced refresh fails in time',
  run: ({ seconds }) =>
    underLoad(
      { slowestMs: SLOWEST_ANSWER_MS, env: { WX_API_TIMEOUT_MS: '2000', FORCE_MIN_INTERVAL_SECONDS: '0' } },
      async (load) => {
        const { gateway, expect, fact } = load
        gateway.wires.wechat.blackHole()
        const forced = await gateway.call('GET', `/access_token/${AUTHORIZER.appId}?force=true`)
        fact('forced', `${forced.status} ${String(forced.body['code'])} after ${forced.ms} ms`)
        expect(forced.status === 504, `a forced refresh is answered ${forced.status}`)
        const plain = await gateway.call('GET', `/access_token/${AUTHORIZER.appId}`)
        expect(plain.status === 200, `a token that is still valid is answered ${plain.status}`)
        await delay(seconds * 1000)
        gateway.wires.wechat.pass()
        const startedAt = performance.now()
        await until(
          'a forced refresh works again',
          async () => (await gateway.call('GET', `/access_token/${AUTHORIZER.appId}?force=true`)).status === 200,
          {
            everyMs: 200,
          },
        )
        fact('refreshedAgainMs', Math.round(performance.now() - startedAt))
      },
    ),
}

export const repliesLost: Scenario = {
  name: 'replies-lost',
  about:
    'Redis has executed, the reply never arrives, the connection ends; again and again, with three attempts of each push',
  run: ({ seconds, random, ratePerSecond }) =>
    underLoad(
      { attempts: 3, slowestMs: SLOWEST_ANSWER_MS, ratePerSecond },
      async ({ gateway, pusher, sinks, fact }) => {
        const end = performance.now() + seconds * 1000
        do {
          gateway.wires.ingress.dropReplies(1)
          await delay(100 + random() * 400)
        } while (performance.now() < end)
        gateway.wires.ingress.dropReplies(0)
        fact('repliesLost', gateway.wires.ingress.dropped())
        fact('acknowledgedAgainMs', await acknowledgedAgain(pusher))
        fact('deliveredAgainMs', await deliveredAgain(sinks))
      },
    ),
}

export const redisSlow: Scenario = {
  name: 'redis-slow',
  about: 'every reply of Redis takes 100 ms and more',
  run: ({ seconds, ratePerSecond }) =>
    underLoad({ slowestMs: SLOWEST_ANSWER_MS, ratePerSecond }, async (load) => {
      load.gateway.wires.ingress.slow(50)
      load.gateway.wires.worker.slow(50)
      await delay(seconds * 1000)
      load.gateway.wires.ingress.pass()
      load.gateway.wires.worker.pass()
      await recover(load)
    }),
}

export const startWithoutRedis: Scenario = {
  name: 'start-without-redis',
  about: 'both processes start while Redis is away, stay up, say so, and work as soon as it comes',
  async run({ seconds }): Promise<Verdict> {
    const broken: string[] = []
    const gateway = await startGateway({ withoutRedis: true })
    try {
      const [ingress] = gateway.ingresses
      const [worker] = gateway.workers
      if (!ingress || !worker) throw new Error('a process is missing')
      for (const member of [ingress, worker])
        if ((await readinessOf(member)) === 'ready') broken.push('a process says ready without Redis')
      const startedAt = performance.now()
      const { status } = await gateway.call('GET', '/subscriptions')
      const refusedAfterMs = Math.round(performance.now() - startedAt)
      if (status !== 503) broken.push(`a route that needs the store was answered ${status}`)
      if (refusedAfterMs > SLOWEST_ANSWER_MS) broken.push(`it was answered after ${refusedAfterMs} ms`)
      await delay(seconds * 1000)
      for (const { process } of [ingress, worker])
        if (process.child.exitCode !== null) broken.push('a process has ended')
      await gateway.redis.start()
      const backAt = performance.now()
      await until('a ticket is taken', async () => (await gateway.simulator.pushTicket()).ok, {
        everyMs: 50,
        timeoutMs: 20_000,
      })
      const acceptedAfterMs = Math.round(performance.now() - backAt)
      await until(
        'both are ready',
        async () => (await readinessOf(ingress)) === 'ready' && (await readinessOf(worker)) === 'ready',
        {
          everyMs: 50,
          timeoutMs: 30_000,
        },
      )
      return {
        facts: { refusedAfterMs, acceptedAfterMs, readyAfterMs: Math.round(performance.now() - backAt) },
        broken,
      }
    } finally {
      await gateway.stop()
    }
  },
}
