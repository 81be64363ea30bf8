// Owns: a mountain of messages before the workers, and a ticket behind it.
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayEvent } from '@wxgw/contracts'
import {
  createInboxChoice,
  createMessageShards,
  createPushQueue,
  createQueues,
  createSealedJobs,
  createSealer,
  NO_EVENT_LOG,
  UNSHARDED,
  waitingMessages,
} from '@wxgw/redis'
import { createLogger } from '@wxgw/runtime'
import { Redis } from 'ioredis'
import { until } from '../../helpers/until.ts'
import { AUTHORIZER } from '../pusher.ts'
import { startGateway } from '../rig.ts'
import type { Scenario, Verdict } from '../scenario.ts'

const MESSAGES = 100_000
const BATCH = 1_000
const TICKETS = 5
const TICKET_WITHIN_MS = 2_000
/** Everything that Redis holds for it: its part of a job. */
const BYTES_PER_MESSAGE = 1_400
/** As docs/operations.md has it. */
const REDIS_ARGUMENTS = ['--appendfsync', 'everysec', '--hash-max-listpack-value', '4096']
/** With this text the push is one of about 1 KB. */
const TEXT = '你好，请问我的订单什么时候可以发货？'.repeat(4)

export const backlog: Scenario = {
  name: 'backlog',
  about: `${MESSAGES} messages (--messages) wait, then a ticket comes: it is handled within ${TICKET_WITHIN_MS} ms`,
  async run({ messages = MESSAGES }): Promise<Verdict> {
    const broken: string[] = []
    const gateway = await startGateway({ redisArguments: REDIS_ARGUMENTS })
    const redis = new Redis(gateway.redis.url, { maxRetriesPerRequest: null })
    const { queues, push } = openPushQueue(redis)
    const countWaiting = () => waitingMessages(redis, 1)
    try {
      await gateway.call('PUT', '/subscriptions/nobody-reads', { sink: { kind: 'stream', maxLength: 1_000 } })
      for (const { process } of gateway.workers.splice(0)) await process.end('SIGTERM')
      const usedBefore = await usedBytes(redis)
      for (let first = 0; first < messages; first += BATCH) {
        await Promise.all(Array.from({ length: Math.min(BATCH, messages - first) }, (_, index) => push(first + index)))
      }
      const waiting = await countWaiting()
      const used = await usedBytes(redis)
      const bytesPerMessage = Math.round((used - usedBefore) / waiting)
      if (waiting !== messages) broken.push(`${waiting} of ${messages} messages wait`)
      if (bytesPerMessage > BYTES_PER_MESSAGE) broken.push(`a waiting message takes ${bytesPerMessage} bytes`)
      const startedAt = performance.now()
      const worker = await gateway.startWorker()
      await until('the worker is at it', async () => (await countWaiting()) < waiting, { timeoutMs: 30_000 })
      const times: number[] = []
      for (let count = 0; count < TICKETS; count += 1) {
        const before = await redis.hget('wx:{open1}:ticket', 'createTime')
        // Tickets are told apart by whole seconds.
        await delay(1_100)
        const pushedAt = performance.now()
        const { ok } = await gateway.simulator.pushTicket()
        if (!ok) broken.push('a ticket was refused')
        await until(
          'the ticket is kept',
          async () => (await redis.hget('wx:{open1}:ticket', 'createTime')) !== before,
          { timeoutMs: 30_000 },
        )
        times.push(Math.round(performance.now() - pushedAt))
        if ((await countWaiting()) === 0) break
      }
      const left = await countWaiting()
      const perSecond = Math.round((waiting - left) / ((performance.now() - startedAt) / 1000))
      const slowest = Math.max(...times)
      if (slowest > TICKET_WITHIN_MS) broken.push(`a ticket took ${slowest} ms`)
      if (left === 0) broken.push('the backlog was gone before the tickets came')
      // More than this is known to be worked off when this is; it would only take longer.
      const enough = Math.max(waiting - MESSAGES, 0)
      await until('the backlog is worked off', async () => (await countWaiting()) <= enough, {
        timeoutMs: 170_000,
        everyMs: 500,
      })
      if (worker.process.child.exitCode !== null) broken.push('the worker has ended')
      return {
        facts: {
          waiting,
          bytesPerMessage,
          redisMb: Math.round(used / 1024 / 1024),
          leftAtLastTicket: left,
          ticketMs: times.join(' '),
          workedOffPerSecond: perSecond,
        },
        broken,
      }
    } finally {
      await queues.close()
      redis.disconnect()
      await gateway.stop()
    }
  },
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
}

/** As an ingress puts messages into the queue, without the way to it. */
function openPushQueue(redis: Redis) {
  const queues = createQueues({ connection: redis, log: createLogger({ level: 'silent', name: 'chaos' }) })
  const pushQueue = createPushQueue({
    platform: 'open1',
    queues,
    inboxes: createInboxChoice({ redis, count: UNSHARDED }),
    shards: createMessageShards('open1'),
    // Messages are not sealed.
    sealedJobs: createSealedJobs({ platform: 'open1', sealer: createSealer([]) }),
    events: NO_EVENT_LOG,
    dedupeSeconds: 3_600,
    eventLogSeconds: 86_400,
  })
  return {
    queues,
    push: (number: number) => pushQueue.message(messageEvent(number), { receivedAtMs: Date.now(), made: Date.now() }),
  }
}

function messageEvent(number: number): GatewayEvent {
  const openId = `oUpF8uMuAJO_M2px${String(number).padStart(12, '0')}`
  return {
    specversion: '1.0',
    id: `ev_${String(number).padStart(52, 'a')}`,
    source: `/wx/open1/${AUTHORIZER.appId}`,
    type: 'wechat.message.text',
    subject: openId,
    time: '2026-01-01T00:00:00Z',
    datacontenttype: 'application/json',
    platform: 'open1',
    authorizerappid: AUTHORIZER.appId,
    data: {
      ToUserName: AUTHORIZER.userName,
      FromUserName: openId,
      CreateTime: '1767225600',
      MsgType: 'text',
      Content: TEXT,
      MsgId: String(8_000_000_000_000_000_000n + BigInt(number)),
    },
  }
}
