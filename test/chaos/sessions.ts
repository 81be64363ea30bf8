// Owns: many authorization sessions, completed at random by push, browser or both, while ingresses are killed: what each came to.
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type Gateway, type Ingress, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { click, confirm } from '../helpers/visitor.ts'
import { seededRandom } from './random.ts'

export type SessionsRun = {
  sessions: number
  views: number
  /** How many visitors are under way at a time. */
  atOnce: number
  killEveryMs: number
  seed: number
  say(line: string): void
}

export type SessionsVerdict = {
  completed: number
  /** Sessions that are not completed, or by another account, or under another reference. */
  wrong: number
  /** Sessions whose completion was announced not once. */
  notAnnouncedOnce: number
  /** pre_auth_codes that the views cost. */
  codesOfViews: number
  kills: number
  /** A killed ingress took WeChat's answer with it: the visitor pressed the button once more. */
  clickedAgain: number
}

type Way = 'push' | 'browser' | 'both'

export async function runSessions({
  sessions,
  views,
  atOnce,
  killEveryMs,
  seed,
  say,
}: SessionsRun): Promise<SessionsVerdict> {
  const random = seededRandom(seed)
  const gateway = await startGateway({ ingresses: 2, simulator: { attempts: 200, attemptSpacingMs: 300 } })
  /** A killed one is replaced by the next on its public port. */
  const ingresses = [...gateway.ingresses]
  const redis = new Redis(gateway.redis.url)
  try {
    const { simulator } = gateway
    await simulator.pushTicket()
    await until(
      'the ticket is there',
      async () => (await gateway.call('GET', '/component_access_token')).status === 200,
    )
    const { body } = await gateway.call('PUT', '/subscriptions/sessions', {
      sink: { kind: 'stream' },
      match: { types: ['gateway.authorization.completed'] },
    })
    const killing = new AbortController()
    const kills = killInTurn({ gateway, ingresses, everyMs: killEveryMs }, killing.signal)
    const visitors = createVisitors(gateway, ingresses, random)
    const ended: Array<{ sessionId: string; reference: string; appId: string }> = []
    const waiting = Array.from({ length: sessions }, (_, index) => `reference ${index} 客户`)
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let reference = waiting.shift(); reference !== undefined; reference = waiting.shift()) {
          ended.push(await visitors.goTheWholeWay(reference))
          if (ended.length % 100 === 0) say(`${ended.length} of ${sessions} sessions`)
        }
      }),
    )
    killing.abort()
    const killed = await kills
    let wrong = 0
    for (const { sessionId, reference, appId } of ended) {
      const view = await visitors.view(sessionId)
      if (view['status'] !== 'completed' || view['appid'] !== appId || view['reference'] !== reference) wrong += 1
    }
    const stream = String(body.sink?.stream)
    const announced = await announcements(redis, stream, sessions)
    const notAnnouncedOnce = ended.filter(({ sessionId }) => announced.get(sessionId) !== 1).length
    say(`${ended.length} sessions ended, ${killed} ingresses killed; now ${views} views`)
    simulator.clearCalls()
    await visitors.look(views)
    return {
      completed: ended.length,
      wrong,
      notAnnouncedOnce,
      codesOfViews: simulator.countCalls('api_create_preauthcode'),
      kills: killed,
      clickedAgain: visitors.clickedAgain(),
    }
  } finally {
    redis.disconnect()
    await gateway.stop()
  }
}

function createVisitors({ simulator, auth }: Gateway, ingresses: readonly Ingress[], random: () => number) {
  let clickedAgain = 0
  function anyIngress(): Ingress {
    const ingress = ingresses[random() < 0.5 ? 0 : 1]
    if (!ingress) throw new Error('there are two')
    return ingress
  }
  const at = (url: string) => `${anyIngress().publicUrl}${new URL(url).pathname}${new URL(url).search}`

  /** As a person does whose browser shows an error: again, until it works. */
  async function patiently<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    return until(what, () => ask().catch(() => undefined), { timeoutMs: 60_000, everyMs: 200 }) as Promise<T>
  }

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown> | undefined> {
    const answer = await fetch(`${anyIngress().internalUrl}/apis/v1/wx/open1${path}`, {
      method,
      headers: { ...auth, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return answer.ok ? ((await answer.json()) as Record<string, unknown>) : undefined
  }

  const view = (id: string) => patiently('the session is read', () => call('GET', `/authorization-sessions/${id}`))

  /** false: the code is spent, and nobody knows for whom. */
  async function land(landing: string): Promise<boolean> {
    const status = await patiently('the browser lands', async () => {
      const answer = await fetch(at(landing), { redirect: 'manual' })
      return answer.status === 200 || answer.status === 400 ? answer.status : undefined
    })
    return status === 200
  }

  async function goTheWholeWay(reference: string) {
    const { appId } = simulator.addAccount()
    const created = await patiently('a session is created', () =>
      call('POST', '/authorization-sessions', { reference }),
    )
    const [sessionId, url] = [String(created['sessionId']), String(created['url'])]
    const way: Way = random() < 1 / 3 ? 'push' : random() < 0.5 ? 'browser' : 'both'
    const visit = () => patiently('the click leads to WeChat', () => click(at(url)))
    if (way === 'browser') {
      for (let isLanded = false; !isLanded;) {
        const { preAuthCode, redirectUri } = await visit()
        const { authorizationCode } = await simulator.authorize(appId, { preAuthCode, push: false })
        isLanded = await land(`${redirectUri}?auth_code=${encodeURIComponent(authorizationCode)}&expires_in=3600`)
        if (!isLanded) clickedAgain += 1
      }
    } else {
      // WeChat pushes and redirects at the same time.
      const landing = await confirm(await visit(), appId)
      if (way === 'both') await land(landing)
    }
    await until(
      `${sessionId} of ${appId} is completed (${way})`,
      async () => (await view(sessionId))['status'] === 'completed',
      {
        timeoutMs: 60_000,
        everyMs: 100,
      },
    )
    return { sessionId, reference, appId }
  }

  async function look(views: number): Promise<void> {
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, index) => call('POST', '/authorization-sessions', { reference: `v${index}` })),
    )
    const urls = created.flatMap((session) => (session ? [String(session['url'])] : []))
    for (let seen = 0; seen < views; seen += urls.length) {
      await Promise.all(urls.map(async (url) => (await fetch(at(url))).text()))
    }
  }

  return { goTheWholeWay, view, look, clickedAgain: () => clickedAgain }
}

type Killing = { gateway: Gateway; ingresses: Ingress[]; everyMs: number }

/** Answers how many were killed, when the last one is up again. */
async function killInTurn({ gateway, ingresses, everyMs }: Killing, signal: AbortSignal): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined)
    const victim = ingresses[kills % 2]
    if (signal.aborted || !victim) return kills
    await victim.process.end('SIGKILL')
    ingresses[kills % 2] = await gateway.startIngress({ publicPort: Number(new URL(victim.publicUrl).port) })
  }
}

async function announcements(redis: Redis, stream: string, wanted: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  await until('every session is announced', async () => (await redis.xlen(stream)) >= wanted, {
    timeoutMs: 60_000,
    everyMs: 100,
  })
  for (const [, fields] of await redis.xrange(stream, '-', '+')) {
    const { data } = JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}') as { data: { sessionId: string } }
    counts.set(data.sessionId, (counts.get(data.sessionId) ?? 0) + 1)
  }
  return counts
}
