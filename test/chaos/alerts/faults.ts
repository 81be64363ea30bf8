// Owns: the fault of each alert, caused in real processes, and how it is removed.
import { setTimeout as delay } from 'node:timers/promises'
import { COMPONENT_EVENTS_QUEUE, PLATFORM_EVENTS_QUEUE } from '@wxgw/redis'
import { Queue } from 'bullmq'
import { until } from '../../helpers/until.ts'
import { APP, GATEWAY_USER, type Stage } from './stage.ts'

/** Answers how to remove it. */
export type Cause = (stage: Stage) => Promise<() => Promise<unknown>>
/** `brings`: alerts that may fire with it, or while its consequences are worked off. */
export type Fault = { cause: Cause; brings?: readonly string[] }

/** What waits after an outage, as it was when figures were last gathered. */
const WORKING_OFF = ['WxgwQueueUnattended', 'WxgwMessagesLate', 'WxgwConsumerAbsent']
const WITHOUT_REDIS = ['WxgwInboxLeftOut', 'WxgwRepliesLate', ...WORKING_OFF]
/** More than a worker refreshes in a minute. */
const MANY_ACCOUNTS = 2_000
const SLOW_MS = 4_500

export const FAULTS: Readonly<Record<string, Fault>> = {
  WxgwNoWorker: {
    brings: [...WORKING_OFF, 'WxgwRepliesLate'],
    async cause(stage) {
      await stage.worker().process.end('SIGKILL')
      return () => stage.startWorker()
    },
  },
  WxgwQueueUnattended: {
    async cause(stage) {
      const queue = new Queue(PLATFORM_EVENTS_QUEUE, { connection: { url: stage.redis.url } })
      await queue.pause()
      await stage.call('POST', '/subscriptions/crm/test')
      return async () => {
        await queue.resume()
        await queue.close()
      }
    },
  },
  WxgwConsumerAbsent: {
    async cause(stage) {
      await subscribe(stage, 'lonely', { kind: 'queue' })
      await sendEvents(stage, 'lonely', 3)
      return async () => {
        await stage.consume('lonely')
        return () => unsubscribe(stage, 'lonely')
      }
    },
  },
  WxgwTicketStale: {
    async cause({ simulator }) {
      simulator.stopTickets()
      return async () => simulator.startTickets()
    },
  },
  WxgwSchedulePaused: {
    async cause({ simulator, call }) {
      const { tokenLifetimeSeconds } = simulator.settings
      // Due after ten seconds, and again so long after each refresh.
      simulator.configure({ tokenLifetimeSeconds: 300 })
      const { appId } = simulator.addAccount()
      await simulator.authorize(appId)
      await until('it has a token', async () => (await call('GET', `/access_token/${appId}`)).status === 200)
      simulator.configure({ ipAllowed: ['192.0.2.1'] })
      return async () => simulator.configure({ tokenLifetimeSeconds, ipAllowed: undefined })
    },
  },
  WxgwRefreshesLate: {
    async cause({ simulator, call }) {
      const fault = simulator.fault('api_authorizer_token', { delayMs: SLOW_MS })
      for (let added = 0; added < MANY_ACCOUNTS; added += 1) {
        await simulator.authorize(simulator.addAccount().appId, { push: false })
      }
      await call('POST', '/authorizers/sync')
      return async () => fault.remove()
    },
  },
  WxgwRefreshFailing: {
    async cause({ simulator, call }) {
      const fault = simulator.fault('api_authorizer_token', { appId: APP, errcode: -1 })
      for (let failed = 0; failed < 10; failed += 1) {
        // A failure is shared for a second.
        await delay(1_100)
        await call('GET', `/access_token/${APP}?force=true`)
      }
      return async () => fault.remove()
    },
  },
  WxgwSubscriptionFailing: {
    async cause(stage) {
      const hook = await stage.startHook(() => ({ status: 500 }))
      await subscribe(stage, 'failing', { kind: 'webhook', url: hook.url }, [600])
      await sendEvents(stage, 'failing', 10)
      return async () => {
        hook.answer = () => ({ status: 204 })
        await sendEvents(stage, 'failing', 10)
        return () => unsubscribe(stage, 'failing')
      }
    },
  },
  WxgwSubscriptionDisabled: {
    brings: ['WxgwDeadLetters'],
    async cause(stage) {
      const hook = await stage.startHook(() => ({ status: 410 }))
      await subscribe(stage, 'gone', { kind: 'webhook', url: hook.url }, [600])
      await sendEvents(stage, 'gone', 1)
      return () => unsubscribe(stage, 'gone')
    },
  },
  WxgwDeadLetters: {
    async cause(stage) {
      const hook = await stage.startHook(() => ({ status: 500 }))
      await subscribe(stage, 'dead', { kind: 'webhook', url: hook.url }, [])
      await sendEvents(stage, 'dead', 1)
      return () => unsubscribe(stage, 'dead')
    },
  },
  WxgwDeliveriesWaiting: {
    async cause(stage) {
      await subscribe(stage, 'paused', { kind: 'stream' })
      await stage.call('PATCH', '/subscriptions/paused', { paused: true })
      await sendEvents(stage, 'paused', 1_100)
      return async () => {
        await stage.call('PATCH', '/subscriptions/paused', { paused: false })
        return () => unsubscribe(stage, 'paused')
      }
    },
  },
  WxgwMessagesLate: {
    brings: ['WxgwRepliesLate', 'WxgwQueueUnattended', 'WxgwConsumerAbsent'],
    async cause(stage) {
      const { child } = stage.worker().process
      let isOver = false
      /** A worker that gets a tenth of a core. */
      async function starve() {
        while (!isOver) {
          child.kill('SIGSTOP')
          await delay(450)
          child.kill('SIGCONT')
          await delay(50)
        }
      }
      async function flood() {
        while (!isOver) await sendEvents(stage, 'flood', 100)
      }
      const running = Promise.all([starve(), flood()])
      return async () => {
        isOver = true
        await running
      }
    },
  },
  WxgwJobsFailed: {
    async cause({ redis }) {
      const queue = new Queue(COMPONENT_EVENTS_QUEUE, { connection: { url: redis.url } })
      // As a version to come might write it.
      await queue.add('event', { v: 99 })
      return () => queue.close()
    },
  },
  WxgwRepliesLate: {
    // A webhook that never answers fails as well.
    brings: ['WxgwSubscriptionFailing'],
    async cause({ bot }) {
      const { answer } = bot
      bot.answer = () => undefined
      return async () => {
        bot.answer = answer
      }
    },
  },
  WxgwNobodySubscribed: {
    brings: ['WxgwDeadLetters', 'WxgwRepliesLate'],
    async cause({ call, subscriptions }) {
      const enable = async (enabled: boolean) => {
        for (const name of subscriptions) await call('PATCH', `/subscriptions/${name}`, { enabled })
      }
      await enable(false)
      return () => enable(true)
    },
  },
  WxgwPushesRefused: {
    async cause({ simulator }) {
      let isOver = false
      async function push() {
        while (!isOver) {
          await simulator.push('authorizer', { appId: APP, xml: '<xml></xml>', encryptWith: { token: 'another' } })
          await delay(100)
        }
      }
      const pushing = push()
      return async () => {
        isOver = true
        await pushing
      }
    },
  },
  WxgwStoreUnavailable: { cause: redisAway, brings: ['WxgwSpoolHolding', ...WITHOUT_REDIS] },
  WxgwSpoolHolding: { cause: redisAway, brings: ['WxgwStoreUnavailable', ...WITHOUT_REDIS] },
  WxgwRedisFull: {
    brings: ['WxgwSpoolHolding'],
    async cause({ admin }) {
      const used = Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1])
      await admin.config('SET', 'maxmemory', String(Math.round(used / 0.8)))
      return () => admin.config('SET', 'maxmemory', '0')
    },
  },
  WxgwEventLogFull: {
    // Figures may be gathered after the last sign of one worker and before the first of the next, and hold for ten seconds.
    brings: ['WxgwNoWorker'],
    async cause(stage) {
      await replaceWorker(stage, { EVENT_LOG_MAX_EVENTS: '100' })
      return () => replaceWorker(stage)
    },
  },
  WxgwInboxLeftOut: {
    async cause({ admin }) {
      const keys = ['~wx:*', '~bull:{wx-messages.0}*', '~bull:{wx-messages}*', '~bull:{wx-[^m]*']
      await admin.call('ACL', 'SETUSER', GATEWAY_USER, 'resetkeys', ...keys)
      return () => admin.call('ACL', 'SETUSER', GATEWAY_USER, 'allkeys')
    },
  },
}

async function redisAway({ redis }: Stage): Promise<() => Promise<unknown>> {
  await redis.kill()
  return () => redis.start()
}

/** At no time there is none. */
async function replaceWorker(stage: Stage, env?: Record<string, string>): Promise<void> {
  const former = stage.worker()
  await stage.startWorker(env)
  await former.process.end('SIGTERM')
}

/** To events of its own name, and no others. */
async function subscribe(
  { call }: Stage,
  name: string,
  sink: { kind: string; url?: string },
  scheduleSeconds: readonly number[] = [1],
): Promise<void> {
  const match = { types: [`wechat.event.${name}`] }
  const { status } = await call('PUT', `/subscriptions/${name}`, { match, sink, retry: { scheduleSeconds } })
  if (status !== 201) throw new Error(`the subscription ${name} was answered ${status}`)
}

function unsubscribe({ call }: Stage, name: string): Promise<unknown> {
  return call('DELETE', `/subscriptions/${name}`)
}

const AT_ONCE = 50

async function sendEvents({ simulator }: Stage, event: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - sent) }, (_, index) =>
      simulator.sendEvent(APP, { event, eventKey: `${sent + index}`, openId: `o${event}-${sent + index}` }),
    )
    await Promise.all(some)
  }
}
