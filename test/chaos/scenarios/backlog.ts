// Owns: a mountain of messages before the workers, and a ticket behind it.
import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGES_QUEUE } from '@wxgw/contracts'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { until } from '../../helpers/until.ts'
import { AUTHORIZER } from '../pusher.ts'
import { startGateway } from '../rig.ts'
import type { Scenario, Verdict } from '../scenario.ts'

const MESSAGES = 100_000
const BATCH = 2_000
const TICKET_WITHIN_MS = 2_000

export const backlog: Scenario = {
  name: 'backlog',
  about: `${MESSAGES} messages wait, then a ticket comes: it is handled within ${TICKET_WITHIN_MS} ms`,
  async run(): Promise<Verdict> {
    const broken: string[] = []
    const gateway = await startGateway({ redisArguments: ['--appendfsync', 'everysec'] })
    const redis = new Redis(gateway.redis.url, { maxRetriesPerRequest: null })
    const queue = new Queue(MESSAGES_QUEUE, { connection: redis })
    try {
      await gateway.call('PUT', '/subscriptions/nobody-reads', { sink: { kind: 'stream', maxLength: 1_000 } })
      for (const { process } of gateway.workers.splice(0)) await process.end('SIGTERM')
      for (let first = 0; first < MESSAGES; first += BATCH) {
        await queue.addBulk(Array.from({ length: BATCH }, (_, index) => messageJob(first + index)))
      }
      const waiting = await queue.getWaitingCount()
      const startedAt = performance.now()
      const worker = await gateway.startWorker()
      await until('the worker is at it', async () => (await queue.getWaitingCount()) < waiting)
      const times: number[] = []
      for (let count = 0; count < 5; count += 1) {
        const before = await redis.hget('wx:{open1}:ticket', 'createTime')
        // Tickets are told apart by whole seconds.
        await delay(1_100)
        const pushedAt = performance.now()
        const { ok } = await gateway.simulator.pushTicket()
        if (!ok) broken.push('a ticket was refused')
        await until('the ticket is kept', async () => (await redis.hget('wx:{open1}:ticket', 'createTime')) !== before, { timeoutMs: 30_000 })
        times.push(Math.round(performance.now() - pushedAt))
        if ((await queue.getWaitingCount()) === 0) break
      }
      const left = await queue.getWaitingCount()
      const slowest = Math.max(...times)
      if (slowest > TICKET_WITHIN_MS) broken.push(`a ticket took ${slowest} ms`)
      if (left === 0) broken.push('the backlog was gone before the tickets came')
      await until('the backlog is worked off', async () => (await queue.getWaitingCount()) === 0, { timeoutMs: 170_000, everyMs: 500 })
      const seconds = (performance.now() - startedAt) / 1000
      if (worker.process.child.exitCode !== null) broken.push('the worker has ended')
      return {
        facts: { waiting, leftAtLastTicket: left, ticketMs: times.join(' '), workedOffPerSecond: Math.round(waiting / seconds) },
        broken,
      }
    } finally {
      await queue.close()
      redis.disconnect()
      await gateway.stop()
    }
  },
}

function messageJob(number: number) {
  const id = `backlog-${number}`
  const time = new Date().toISOString()
  const event = {
    specversion: '1.0',
    id,
    source: `/wx/open1/${AUTHORIZER.appId}`,
    type: 'wechat.message.text',
    subject: `o${number}`,
    time,
    datacontenttype: 'application/json',
    platform: 'open1',
    authorizerappid: AUTHORIZER.appId,
    data: { ToUserName: AUTHORIZER.userName, FromUserName: `o${number}`, CreateTime: '1767225600', MsgType: 'text', Content: id },
  }
  return {
    name: 'fan-out',
    data: { v: 1, kind: 'fan-out', event, receivedAtMs: Date.now() },
    opts: { jobId: `fan-out-${id}`, removeOnComplete: true },
  }
}
