// Owns: pushes that are taken although Redis is away, and the ingress killed while they wait on its disk.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pushOldTicket } from '../pusher.ts'
import { acknowledgedAgain, deliveredAgain, type Scenario, underLoad, untilEnough } from '../scenario.ts'

/** What Redis may take of a push (store-budget.ts), then a disk that others use as well. */
const SLOWEST_SPOOLED_MS = 2_000

export const spoolKilled: Scenario = {
  name: 'spool',
  about:
    'SPOOL_DIR: Redis is killed, pushes are acknowledged all the same, the ingress is killed with them on its disk',
  async run(context) {
    const { random, ratePerSecond } = context
    const dir = await mkdtemp(join(tmpdir(), 'wxgw-spool-'))
    try {
      return await underLoad(
        { env: { SPOOL_DIR: dir }, attempts: 3, ratePerSecond },
        async ({ gateway, pusher, sinks, fact }) => {
          const isEnough = untilEnough(context)
          let kills = 0
          let withoutRedis = 0
          do {
            await gateway.redis.kill()
            kills += 1
            const before = pusher.acknowledged()
            await acknowledgedAgain(pusher)
            await delay(500 + random() * 1_000)
            const [ingress] = gateway.ingresses
            if (!ingress) throw new Error('there is no ingress')
            await ingress.process.end('SIGKILL')
            kills += 1
            await gateway.startIngress(ingress)
            await acknowledgedAgain(pusher)
            withoutRedis += pusher.acknowledged() - before
            await gateway.redis.start()
            await deliveredAgain(sinks)
          } while (!isEnough(kills))
          fact('kills', kills)
          fact('acknowledgedWithoutRedis', withoutRedis)
        },
      )
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  },
}

export const spoolFrozen: Scenario = {
  name: 'spool-frozen',
  about:
    'SPOOL_DIR: Redis is frozen; every push is still answered success, tickets too, the first ones after a second and a bit',
  async run({ seconds, ratePerSecond }) {
    const dir = await mkdtemp(join(tmpdir(), 'wxgw-spool-'))
    try {
      return await underLoad(
        { env: { SPOOL_DIR: dir }, slowestMs: SLOWEST_SPOOLED_MS, ratePerSecond },
        async ({ gateway, pusher, sinks, expect, fact }) => {
          const pid = gateway.redis.pid()
          process.kill(pid, 'SIGSTOP')
          try {
            const ticket = await pushOldTicket({
              component: gateway.component,
              publicUrl: gateway.ingresses[0]?.publicUrl ?? '',
            })
            expect(
              ticket.body === 'success' && ticket.ms <= SLOWEST_SPOOLED_MS,
              `a ticket was answered ${ticket.status} after ${ticket.ms} ms`,
            )
            fact('ticketMs', ticket.ms)
            await delay(seconds * 1000)
          } finally {
            process.kill(pid, 'SIGCONT')
          }
          const { statuses } = pusher.report()
          expect(
            Object.keys(statuses).every((status) => status === '200'),
            `answers: ${JSON.stringify(statuses)}`,
          )
          fact('deliveredAgainMs', await deliveredAgain(sinks))
        },
      )
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  },
}
