// Owns: pushing as WeChat does, at a steady rate, with a ledger of what was acknowledged and a record of every answer.
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { encryptPush, messageXml, ticketXml } from '@wxgw/simulator'
import type { Ledger } from './ledger.ts'

export type Component = { appId: string; token: string; encodingAesKey: string }

export type PusherOptions = {
  component: Component
  /** One after the other, like a load balancer that checks nothing. */
  publicUrls(): readonly string[]
  ratePerSecond: number
  /** Ids of these begin with it. */
  run: string
  /** In all, like WeChat's three; 1 = what fails is not tried again. */
  attempts?: number
  acks: Ledger
  /** In turn. Default: the one that is authorized. */
  accounts?: readonly Account[]
}

export type Account = { appId: string; userName: string }

/** `id` stands in the text. Tried again it is the same push only with the same time. */
export type Push = { account: Account; openId: string; id: string; msgId: string; createTimeSeconds: number }

export type Pushes = {
  /** The next of the addresses is tried, once. */
  attempt(push: Push): Promise<Answer>
  close(): void
}

export type PushReport = {
  pushed: number
  acknowledged: number
  /** Answers by status; `0` = none. */
  statuses: Record<string, number>
  /** From the request's start to the answer or its failure, in ms. */
  slowestMs: number
  p99Ms: number
}

export type Pusher = {
  /** How many are acknowledged so far. */
  acknowledged(): number
  /** Begins to count statuses and times anew. */
  mark(): void
  report(): PushReport
  /** Pushes no more and waits for the answers. */
  stop(): Promise<PushReport>
}

export const AUTHORIZER = { appId: 'wx00000000000000a1', userName: 'gh_chaos' }

/** WeChat hangs up after this. */
const PATIENCE_MS = 5_000
const TICK_MS = 20
/** Three attempts within seconds, as WeChat's. */
const RETRY_AFTER_MS = 1_000

export function createPushes({ component, publicUrls }: Pick<PusherOptions, 'component' | 'publicUrls'>): Pushes {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  let turn = 0
  return {
    attempt({ account, openId, id, msgId, createTimeSeconds }) {
      const head = { toUserName: account.userName, openId, createTimeSeconds }
      const urls = publicUrls()
      turn += 1
      const push = encryptPush({
        kind: 'authorizer',
        url: `${urls[turn % urls.length]}/apis/v1/wx/open1/${account.appId}/callback`,
        xml: messageXml(head, 'text', { Content: id, MsgId: msgId }),
        credentials: component,
        receiveId: component.appId,
        addressee: account.userName,
      })
      return post(agent, push)
    },
    close: () => agent.destroy(),
  }
}

export function isAcknowledged({ status, body }: Answer): boolean {
  return status === 200 && body === 'success'
}

export function startPusher(options: PusherOptions): Pusher {
  const { ratePerSecond, run, attempts = 1, acks, accounts = [AUTHORIZER] } = options
  const pushes = createPushes(options)
  const pending = new Set<Promise<void>>()
  let acknowledged = 0
  let pushed = 0
  let statuses: Record<string, number> = {}
  let times: number[] = []
  let marked = { pushed: 0, acknowledged: 0 }
  let isStopping = false
  const running = pushSteadily()

  async function pushSteadily(): Promise<void> {
    const startedAt = performance.now()
    while (!isStopping) {
      const due = ((performance.now() - startedAt) / 1000) * ratePerSecond
      while (pushed < due && !isStopping) {
        pushed += 1
        const pushing = pushOne(pushed)
        pending.add(pushing)
        void pushing.then(() => pending.delete(pushing))
      }
      await delay(TICK_MS)
    }
  }

  async function pushOne(number: number): Promise<void> {
    const id = `${run}-${number}`
    const account = accounts[number % accounts.length] ?? AUTHORIZER
    const push = {
      account,
      openId: `o${number % 500}`,
      id,
      msgId: String(8_000_000_000_000_000_000n + BigInt(number)),
      createTimeSeconds: Math.floor(Date.now() / 1000),
    }
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (attempt > 1) await delay(RETRY_AFTER_MS)
      if (await attemptOne(push)) {
        acknowledged += 1
        acks.add(id)
        return
      }
    }
  }

  async function attemptOne(push: Push): Promise<boolean> {
    const startedAt = performance.now()
    const answer = await pushes.attempt(push)
    times.push(performance.now() - startedAt)
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    return isAcknowledged(answer)
  }

  function report(): PushReport {
    const sorted = times.toSorted((a, b) => a - b)
    return {
      pushed: pushed - marked.pushed,
      acknowledged: acknowledged - marked.acknowledged,
      statuses,
      slowestMs: Math.round(sorted.at(-1) ?? 0),
      p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
    }
  }

  return {
    acknowledged: () => acknowledged,
    mark() {
      statuses = {}
      times = []
      marked = { pushed, acknowledged }
    },
    report,
    async stop() {
      isStopping = true
      await running
      while (pending.size > 0) await Promise.all(pending)
      pushes.close()
      return report()
    },
  }
}

/** A ticket older than every other, so that none that works is replaced by it. Tried once. */
export async function pushOldTicket({
  component,
  publicUrl,
}: {
  component: Component
  publicUrl: string
}): Promise<Answer & { ms: number }> {
  const agent = new Agent()
  const push = encryptPush({
    kind: 'component',
    url: `${publicUrl}/apis/v1/wx/open1/event`,
    xml: ticketXml({ componentAppId: component.appId, createTimeSeconds: 1, ticket: `ticket@@@${randomUUID()}` }),
    credentials: component,
    receiveId: component.appId,
    addressee: component.appId,
  })
  const startedAt = performance.now()
  const answer = await post(agent, push)
  agent.destroy()
  return { ...answer, ms: Math.round(performance.now() - startedAt) }
}

export type Answer = { status: number; body: string }

/** Status 0 when there was no answer. */
function post(agent: Agent, push: { url: string; body: string; headers: Record<string, string> }): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { ...push.headers, 'content-length': String(Buffer.byteLength(push.body)) }
    const outgoing = request(push.url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(PATIENCE_MS) })
    outgoing.on('error', () => resolve({ status: 0, body: '' }))
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => resolve({ status: 0, body: '' }))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    })
    outgoing.end(push.body)
  })
}
