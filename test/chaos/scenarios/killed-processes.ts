// Owns: processes that are killed, stopped or asked to end, while pushes come.
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../helpers/until.ts'
import { AUTHORIZER } from '../pusher.ts'
import { type Gateway, type Member, readinessOf } from '../rig.ts'
import {
  acknowledgedAgain,
  type Context,
  deliveredAgain,
  type Scenario,
  SLOWEST_ANSWER_MS,
  underLoad,
  untilEnough,
} from '../scenario.ts'

const ROLLING_RATE = 300
/** Of a lease and of a job's lock, with what it takes to notice. */
const LOCKS_END_SECONDS = 16
/** A token lives 7,200 s and is due 10 s after it came. */
const REFRESHED_EVERY_TEN_SECONDS = { REFRESH_MARGIN_SECONDS: '7190', SWEEP_INTERVAL_SECONDS: '1' }

export const ingressKilled: Scenario = {
  name: 'ingress-killed',
  about: 'kill -9 of one of two ingresses, again and again',
  run: (context) =>
    underLoad(
      { ingresses: 2, attempts: 3, ratePerSecond: context.ratePerSecond },
      async ({ gateway, pusher, fact }) => {
        const kills = await repeatedly(context, async () => {
          const victim = anyOf(gateway.ingresses, context.random)
          await victim.process.end('SIGKILL')
          await gateway.startIngress(victim)
        })
        fact('kills', kills)
        fact('acknowledgedAgainMs', await acknowledgedAgain(pusher))
      },
    ),
}

export const workerKilled: Scenario = {
  name: 'worker-killed',
  about: 'kill -9 of one of two workers, again and again',
  run: (context) =>
    underLoad(
      { workers: 2, slowestMs: SLOWEST_ANSWER_MS, ratePerSecond: context.ratePerSecond },
      async ({ gateway, sinks, fact }) => {
        const kills = await repeatedly(context, async () => {
          const victim = anyOf(gateway.workers, context.random)
          await victim.process.end('SIGKILL')
          gateway.workers.splice(gateway.workers.indexOf(victim), 1)
          await gateway.startWorker()
        })
        fact('kills', kills)
        fact('deliveredAgainMs', await deliveredAgain(sinks))
      },
    ),
}

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  about: 'SIGTERM to one ingress after the other, and to the workers, at 300 pushes a second that are tried once',
  run: (context) =>
    underLoad(
      { ingresses: 2, workers: 2, ratePerSecond: context.ratePerSecond ?? ROLLING_RATE, sinks: ['stream'] },
      async (load) => {
        const { gateway, pusher, expect, fact } = load
        const isEnough = untilEnough(context)
        let restarts = 0
        let slowestExitMs = 0
        while (restarts < 2 || !isEnough(restarts)) {
          for (const member of [...gateway.ingresses]) {
            const { code, ms } = await drainOut(gateway, member)
            slowestExitMs = Math.max(slowestExitMs, ms)
            expect(code === 0, `an ingress ended with ${code}`)
            await gateway.startIngress(member)
            restarts += 1
          }
          const [worker] = gateway.workers
          if (worker) {
            const startedAt = performance.now()
            const code = await worker.process.end('SIGTERM')
            expect(code === 0, `a worker ended with ${code}`)
            slowestExitMs = Math.max(slowestExitMs, performance.now() - startedAt)
            gateway.workers.shift()
            await gateway.startWorker()
            restarts += 1
          }
        }
        const { statuses } = pusher.report()
        const failed = Object.entries(statuses).filter(([status]) => status !== '200')
        expect(failed.length === 0, `answers that were no 200: ${JSON.stringify(Object.fromEntries(failed))}`)
        fact('restarts', restarts)
        fact('slowestExitMs', Math.round(slowestExitMs))
      },
    ),
}

export const workerFrozen: Scenario = {
  name: 'worker-frozen-in-refresh',
  about: 'SIGSTOP of a worker while WeChat answers its refresh, SIGCONT after its lease and its locks are over',
  run: ({ seconds }) =>
    underLoad(
      { slowestMs: SLOWEST_ANSWER_MS, env: REFRESHED_EVERY_TEN_SECONDS },
      async ({ gateway, sinks, expect, fact }) => {
        const { simulator, workers } = gateway
        const [victim] = workers
        if (!victim) throw new Error('there is no worker')
        let release: () => void = () => undefined
        const held = new Promise<void>((resolve) => (release = resolve))
        const fault = simulator.fault('api_authorizer_token', { times: 1, holdAnswerUntil: held })
        await until('the schedule asks WeChat', () => fault.caught > 0, { timeoutMs: 30_000 })
        victim.process.child.kill('SIGSTOP')
        // Its refresh has happened at WeChat; the answer waits for it on the line.
        release()
        await gateway.startWorker()
        await delay(Math.max(seconds, LOCKS_END_SECONDS) * 1000)
        victim.process.child.kill('SIGCONT')
        fact('frozenSeconds', Math.max(seconds, LOCKS_END_SECONDS))
        fact('deliveredAgainMs', await deliveredAgain(sinks))
        const { body } = await gateway.call('GET', `/access_token/${AUTHORIZER.appId}`)
        expect(
          simulator.isValidAccessToken(AUTHORIZER.appId, String(body['token'])),
          'the token that is handed out is not valid',
        )
        await until('the thawed worker is ready', async () => (await readinessOf(victim)) === 'ready')
        expect(victim.process.child.exitCode === null, 'the thawed worker has ended')
      },
    ),
}

const SKEW_MINUTES = 15

export const clockOff: Scenario = {
  name: 'clock-off',
  about: `one of two workers has its clock ${SKEW_MINUTES} minutes ahead`,
  run: ({ seconds }) =>
    underLoad({ slowestMs: SLOWEST_ANSWER_MS }, async ({ gateway, expect, fact }) => {
      const { simulator } = gateway
      const before = simulator.countCalls('api_authorizer_token', AUTHORIZER.appId)
      const library = process.env['FAKETIME_LIBRARY'] ?? '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
      const ahead = await gateway.startWorker({
        LD_PRELOAD: library,
        FAKETIME: `+${SKEW_MINUTES}m`,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        SWEEP_INTERVAL_SECONDS: '1',
      })
      await delay(seconds * 1000)
      const said = await readinessOf(ahead)
      fact('readiness', /the clock is \d+ s away/.exec(said)?.[0] ?? said)
      expect(/the clock is \d+ s away/.test(said), 'the worker that is ahead does not say so')
      const early = simulator.countCalls('api_authorizer_token', AUTHORIZER.appId) - before
      expect(early === 0, `${early} refreshes too early`)
    }),
}

/** A load balancer that looks at readiness, and sends nothing more to one that says no. */
async function drainOut(gateway: Gateway, member: Member): Promise<{ code: number | null; ms: number }> {
  const startedAt = performance.now()
  const ending = member.process.end('SIGTERM')
  await until('it says that it goes', async () => (await readinessOf(member)) !== 'ready', { everyMs: 50 })
  gateway.outOfService.add(member)
  const code = await ending
  return { code, ms: performance.now() - startedAt }
}

async function repeatedly(context: Context, kill: () => Promise<void>): Promise<number> {
  const isEnough = untilEnough(context)
  let kills = 0
  do {
    await delay(300 + context.random() * 1_000)
    await kill()
    kills += 1
  } while (!isEnough(kills))
  return kills
}

function anyOf(members: readonly Member[], random: () => number): Member {
  const member = members[Math.floor(random() * members.length)]
  if (!member) throw new Error('nobody is left')
  return member
}
