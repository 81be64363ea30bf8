// Owns: events that carry an authorization code: when consumers hear of them, and that the account is stored in the end. How a code is
// exchanged, and what is asked when it does not work, is wechat-core's.
import { type ComponentEventJob, platformEvent } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { JobContext } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import {
  type AuthorizerAppId,
  type ComponentEvent,
  describeFailure,
  GatewayError,
  isStoreAway,
  orderedAtSeconds,
  Secret,
} from '@wxgw/wechat-core'
import { consumerEvent, type UnderstoodEvent } from './consumer-event.ts'

export type AuthorizationPlatform = {
  id: string
  authorizations: Pick<Platform['authorizations'], 'settleAuthorization' | 'isRevokedSince'>
  inbox: Pick<Platform['inbox'], 'platformEvent' | 'profileWanted' | 'exchangeWanted'>
}

/** `waits`: consumers hear of it after the exchange. */
type PushedCode = { event: UnderstoodEvent; appId: AuthorizerAppId; code: Secret; waits: boolean }

type Context = {
  job: ComponentEventJob
  run: Pick<JobContext, 'attempt' | 'attemptsLeft'>
  platform: AuthorizationPlatform
  nowMs(): number
  log: Log
}

/** So long after its receipt consumers hear of an authorization at the latest, whatever has become of its code and its profile. */
export const ANNOUNCED_WITHIN_MS = 600_000

const CODE_FIELDS = ['AuthorizationCode', 'auth_code'] as const
/** WeChat documents no length; what is longer than its tokens may be is no code. */
const MAX_CODE_CHARACTERS = 512

/** undefined when the event carries no code, or does not say whose. */
export function authorizationOf(event: ComponentEvent): PushedCode | undefined {
  switch (event.kind) {
    case 'authorized':
    case 'updateauthorized':
      return { event, appId: event.authorizerAppId, code: event.authorizationCode, waits: true }
    case 'other': {
      // A fast-registered mini program (notify_third_fasteregister) is authorized with the code of this very event.
      const code = CODE_FIELDS.map((name) => event.data[name]).find(isUsable)
      const appId = event.authorizerAppId
      return appId && code !== undefined ? { event, appId, code: new Secret(code), waits: false } : undefined
    }
    default:
      return undefined
  }
}

/**
 * `authorized` and `updateauthorized` wait for their exchange, ten minutes at most; what else carries a code does not wait at all. An
 * exchange that nothing waits for any longer goes on in a job of its own, for two hours.
 */
export async function handleAuthorization(pushed: PushedCode, context: Context): Promise<void> {
  if (context.job.announced) return finishExchange(pushed, context)
  if (!pushed.waits) return announceBeforeExchange(pushed, context)
  // An attempt has failed before: another one would only hold the event up.
  if (isLate(context) && context.run.attempt > 1) return announceBeforeExchange(pushed, context)
  try {
    if (!(await exchange(pushed, context))) return
  } catch (error) {
    if (!isLate(context)) throw error
    context.log.warn({ ...logged(pushed, context), err: error }, 'authorizer.not_exchanged')
    return announceBeforeExchange(pushed, context)
  }
  const { job, platform } = context
  const event = consumerEvent(pushed.event, pushed.appId, job)
  await platform.inbox.profileWanted(pushed.appId, { event, receivedAtMs: job.receivedAtMs })
}

/** The delay after a failed attempt ends with the wait for the exchange. */
export function untilAnnouncementMs(job: ComponentEventJob, nowMs: number): number {
  const leftMs = job.receivedAtMs + ANNOUNCED_WITHIN_MS - nowMs
  return job.announced || leftMs <= 0 ? Infinity : leftMs
}

async function announceBeforeExchange(pushed: PushedCode, context: Context): Promise<void> {
  const { job, platform, log } = context
  if (pushed.waits && (await platform.authorizations.isRevokedSince(pushed.appId, orderedAtSeconds(pushed.event, job.receivedAtMs)))) {
    log.info({ ...logged(pushed, context), outcome: 'revoked meanwhile' }, 'authorizer.authorized')
    return
  }
  // In this order: whoever dies in between begins again, and both are taken once.
  await platform.inbox.exchangeWanted(job)
  await platform.inbox.platformEvent(consumerEvent(pushed.event, pushed.appId, job), { receivedAtMs: job.receivedAtMs })
}

async function finishExchange(pushed: PushedCode, context: Context): Promise<void> {
  const { job, run, platform, nowMs, log } = context
  try {
    if (await exchange(pushed, context)) await platform.inbox.profileWanted(pushed.appId)
  } catch (error) {
    const isOver = run.attemptsLeft === 0 && !isStoreAway(error)
    if (isOver) {
      log.error({ ...logged(pushed, context), err: error }, 'authorization.incomplete')
      const { code, errcode } = describeFailure(error)
      const data = { appid: pushed.appId, code, ...(errcode === undefined ? {} : { errcode: String(errcode) }) }
      const about = { platform: platform.id, subject: pushed.appId, authorizerAppId: pushed.appId }
      const type = 'gateway.authorization.incomplete'
      await platform.inbox.platformEvent(platformEvent({ ...about, id: `gw_${job.eventId}`, type, timeMs: nowMs(), data }))
    }
    throw error
  }
}

/** False when the account has revoked meanwhile. */
async function exchange(pushed: PushedCode, context: Context): Promise<boolean> {
  const { job, platform, log } = context
  const { appId: authorizerAppId, code, event } = pushed
  try {
    const { receivedAtMs } = job
    const { tokenFailure } = await platform.authorizations.settleAuthorization(code, {
      authorizerAppId,
      createTimeSeconds: orderedAtSeconds(event, receivedAtMs),
      receivedAtMs,
    })
    if (tokenFailure) log.warn({ platform: platform.id, subject: authorizerAppId, err: tokenFailure }, 'token.refresh_failed')
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === 'AUTHORIZER_REVOKED')) throw error
    log.info({ ...logged(pushed, context), outcome: 'revoked meanwhile' }, 'authorizer.authorized')
    return false
  }
  log.info({ ...logged(pushed, context), outcome: 'exchanged' }, 'authorizer.authorized')
  return true
}

function isUsable(code: unknown): code is string {
  return typeof code === 'string' && code.trim() !== '' && code.length <= MAX_CODE_CHARACTERS
}

function isLate({ job, nowMs }: Context): boolean {
  return nowMs() - job.receivedAtMs >= ANNOUNCED_WITHIN_MS
}

function logged({ appId }: PushedCode, { job, platform }: Context) {
  return { platform: platform.id, eventId: job.eventId, appid: appId }
}
