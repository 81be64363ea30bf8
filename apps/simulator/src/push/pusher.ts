// Owns: sending a push by WeChat's rules: deadline, attempts, and which answers acknowledge it.
import type { Pauses } from '../pauses.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import { type EncryptedPush, encryptPush, type PushCredentials, type PushKind } from './envelope.ts'
import { openReply, type PassiveReply } from './passive-reply.ts'
import { createPoster } from './post-push.ts'

export type PushOrder = {
  kind: PushKind
  /** With `$APPID$` replaced; undefined: not configured. */
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
  /** Replaces the body. For attacks. */
  body?: string
  attempts?: number
}

/** `failure` null: acknowledged. */
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
  /** Time of the first attempt: ISO 8601, by WeChat's clock. */
  at: string
  /** The plaintext. */
  xml: string
  attempts: PushAttempt[]
  /** Why nothing was sent. */
  skipped: 'no-url' | 'circuit-open' | null
  /** The passive reply to the user. */
  reply: PassiveReply | undefined
}

export type Pusher = {
  push(order: PushOrder): Promise<PushResult>
  /** The latest pushes, oldest first. */
  readonly recent: readonly PushResult[]
  close(): void
}

const MAX_KEPT = 1000

type Deps = {
  clock: SimulationClock
  settings: () => Settings
  pauses: Pick<Pauses, 'pause'>
  /** Called with every finished push. */
  onPush?: (push: PushResult) => void
}

export function createPusher({ clock, settings, pauses, onPush }: Deps): Pusher {
  const poster = createPoster()
  const breaker = createCircuitBreaker({ settings, nowMs: clock.nowMs })
  const recent: PushResult[] = []
  let closed = false

  function encrypt(order: PushOrder, url: string): Envelope {
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

  async function attempt(
    order: PushOrder,
    envelope: Envelope,
  ): Promise<{ attempt: PushAttempt; reply?: PassiveReply }> {
    const result = await poster.post(envelope, settings().answerDeadlineMs)
    if (result.kind !== 'answered') {
      return { attempt: { status: null, body: '', ms: result.ms, failure: result.kind, detail: result.detail } }
    }
    const { status, body, ms } = result
    const attemptWith = (failure: PushAttempt['failure'], detail = '') => ({ status, body, ms, failure, detail })
    if (status !== 200) return { attempt: attemptWith('status', `HTTP ${status}`) }
    if (body === 'success') return { attempt: attemptWith(null) }
    if (order.kind === 'component')
      return { attempt: attemptWith('not-success', 'component events want exactly success') }
    if (body === '') return { attempt: attemptWith(null) }
    const verdict = openReply(body, {
      credentials: envelope.credentials,
      receiveId: envelope.receiveId,
      openId: order.openId,
    })
    if ('problem' in verdict) return { attempt: attemptWith('reply-invalid', verdict.problem) }
    return { attempt: attemptWith(null), reply: verdict.reply }
  }

  async function send(order: PushOrder, url: string, result: PushResult) {
    const total = order.attempts ?? settings().attempts
    let envelope = encrypt(order, url)
    while (!closed) {
      const { attempt: latest, reply } = await attempt(order, envelope)
      result.attempts.push(latest)
      if (latest.failure === null) {
        result.ok = true
        result.reply = reply
        return
      }
      if (result.attempts.length >= total) return
      if (latest.failure !== 'timeout') await pauses.pause(settings().attemptSpacingMs)
      if (settings().retryEnvelope === 'fresh') envelope = encrypt(order, url)
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
      if (recent.length > MAX_KEPT * 1.1) recent.splice(0, recent.length - MAX_KEPT)
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

type Envelope = EncryptedPush & { credentials: PushCredentials; receiveId: string }
