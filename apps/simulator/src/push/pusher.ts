// Owns: WeChat's rule of pushing: deadline, attempts, what counts as an answer. What is pushed is decided by its
// callers.
import type { Pauses } from '../pauses.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import { type EncryptedPush, encryptPush, type PushCredentials, type PushKind } from './envelope.ts'
import { openReply, type PassiveReply } from './passive-reply.ts'
import { createPoster } from './post-push.ts'

export type PushOrder = {
  kind: PushKind
  /** With `$APPID$` replaced; undefined = nowhere to push to. */
  url: string | undefined
  xml: string
  /** Beside `Encrypt`: the component's appid or the account's `gh_…`. */
  addressee: string
  /** For the log: InfoType, MsgType or Event. */
  label: string
  appId?: string
  openId?: string
  query?: Readonly<Record<string, string | undefined>>
  encryptWith?: Partial<PushCredentials>
  receiveId?: string
  /** Sent instead of what was built. For attacks. */
  body?: string
  attempts?: number
}

/** `failure` null: WeChat is content with this answer. */
export type PushAttempt = {
  status: number | null
  body: string
  ms: number
  failure: 'timeout' | 'unreachable' | 'status' | 'not-success' | 'reply-invalid' | null
  detail: string
}

export type PushResult = {
  ok: boolean
  kind: PushKind
  label: string
  appId: string | undefined
  /** Of the first attempt; ISO 8601, in WeChat's time. */
  at: string
  /** The plaintext. */
  xml: string
  attempts: PushAttempt[]
  /** Why nothing was sent at all. */
  skipped: 'no-url' | 'circuit-open' | null
  /** The passive reply that the user sees. */
  reply: PassiveReply | undefined
}

export type Pusher = {
  push(order: PushOrder): Promise<PushResult>
  /** The last ones, oldest first. */
  readonly recent: readonly PushResult[]
  close(): void
}

const KEPT = 1000

type Deps = {
  clock: SimulationClock
  settings: () => Settings
  pauses: Pick<Pauses, 'pause'>
  /** Gets every push when it is over. */
  onPush?: (push: PushResult) => void
}

export function createPusher({ clock, settings, pauses, onPush }: Deps): Pusher {
  const poster = createPoster()
  const breaker = createCircuitBreaker({ settings, nowMs: clock.nowMs })
  const recent: PushResult[] = []
  let closed = false

  function encrypt(order: PushOrder, url: string): Sealed {
    const { component } = settings()
    const credentials = {
      token: order.encryptWith?.token ?? component.token,
      encodingAesKey: order.encryptWith?.encodingAesKey ?? component.encodingAesKey,
    }
    const { kind, xml, addressee } = order
    const receiveId = order.receiveId ?? component.appId
    const encrypted = encryptPush({
      kind,
      url,
      xml,
      addressee,
      credentials,
      receiveId,
      timestamp: String(clock.nowSeconds()),
      ...(order.openId === undefined ? {} : { openId: order.openId }),
      ...(order.query === undefined ? {} : { query: order.query }),
    })
    return { ...encrypted, body: order.body ?? encrypted.body, credentials, receiveId }
  }

  async function attempt(order: PushOrder, sealed: Sealed): Promise<{ attempt: PushAttempt; reply?: PassiveReply }> {
    const posted = await poster.post(sealed, settings().answerDeadlineMs)
    if (posted.kind !== 'answered') {
      return { attempt: { status: null, body: '', ms: posted.ms, failure: posted.kind, detail: posted.detail } }
    }
    const { status, body, ms } = posted
    const judged = (failure: PushAttempt['failure'], detail = '') => ({ status, body, ms, failure, detail })
    if (status !== 200) return { attempt: judged('status', `HTTP ${status}`) }
    if (body === 'success') return { attempt: judged(null) }
    if (order.kind === 'component') return { attempt: judged('not-success', 'component events want exactly success') }
    if (body === '') return { attempt: judged(null) }
    const verdict = openReply(body, {
      credentials: sealed.credentials,
      receiveId: sealed.receiveId,
      openId: order.openId,
    })
    if ('problem' in verdict) return { attempt: judged('reply-invalid', verdict.problem) }
    return { attempt: judged(null), reply: verdict.reply }
  }

  async function send(order: PushOrder, url: string, result: PushResult) {
    const total = order.attempts ?? settings().attempts
    let sealed = encrypt(order, url)
    while (!closed) {
      const { attempt: made, reply } = await attempt(order, sealed)
      result.attempts.push(made)
      if (made.failure === null) {
        result.ok = true
        result.reply = reply
        return
      }
      if (result.attempts.length >= total) return
      if (made.failure !== 'timeout') await pauses.pause(settings().attemptSpacingMs)
      if (settings().retryEnvelope === 'fresh') sealed = encrypt(order, url)
    }
  }

  return {
    recent,
    push: async (order) => {
      const { kind, label, url } = order
      const at = new Date(clock.nowMs()).toISOString()
      const result: PushResult = {
        ok: false,
        kind,
        label,
        appId: order.appId,
        at,
        xml: order.xml,
        attempts: [],
        skipped: null,
        reply: undefined,
      }
      recent.push(result)
      if (recent.length > KEPT * 1.1) recent.splice(0, recent.length - KEPT)
      if (url === undefined) result.skipped = 'no-url'
      else if (breaker.isOpen(url)) result.skipped = 'circuit-open'
      else {
        await send(order, url, result)
        breaker.record(url, result.ok)
      }
      onPush?.(result)
      return result
    },
    close: () => {
      closed = true
      poster.close()
    },
  }
}

type Sealed = EncryptedPush & { credentials: PushCredentials; receiveId: string }
