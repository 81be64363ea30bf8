// Owns: component events with an authorization code: exchanges the code and emits the event to consumers. wechat-core
// (code-exchange.ts) owns the exchange and its recovery.
import { type ComponentEventJob, eventSession, type GatewayEvent, platformEvent } from '@wxgw/contracts'
import type { Platform, Session } from '@wxgw/platform'
import type { JobContext } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import {
  type AuthorizerAppId,
  type ComponentEvent,
  describeFailure,
  type FuncInfo,
  GatewayError,
  isStoreAway,
  orderedAtSeconds,
  permissionSetIds,
  Secret,
} from '@wxgw/wechat-core'
import { consumerEvent, type UnderstoodEvent } from './consumer-event.ts'

export type AuthorizationPlatform = {
  id: string
  authorizations: Pick<Platform['authorizations'], 'settleAuthorization' | 'isRevokedSince'>
  jobs: Pick<Platform['jobs'], 'platformEvent' | 'profileWanted' | 'exchangeWanted'>
  sessions: Pick<Platform['sessions'], 'settlePushed'>
}

/** `waits`: the event is emitted after the exchange. */
type PushedCode = { event: UnderstoodEvent; appId: AuthorizerAppId; code: Secret; waits: boolean }

type Context = {
  job: ComponentEventJob
  run: Pick<JobContext, 'attempt' | 'attemptsLeft'>
  platform: AuthorizationPlatform
  nowMs(): number
  log: Log
}

/** An authorization is emitted this long after its receipt at the latest, with or without exchange and profile. */
export const ANNOUNCED_WITHIN_MS = 600_000

const CODE_FIELDS = ['AuthorizationCode', 'auth_code'] as const
/** WeChat documents no length. A text longer than its tokens is no code. */
const MAX_CODE_CHARACTERS = 512

/** undefined when the event has no code, or names no account. */
export function authorizationOf(event: ComponentEvent): PushedCode | undefined {
  switch (event.kind) {
    case 'authorized':
    case 'updateauthorized':
      return { event, appId: event.authorizerAppId, code: event.authorizationCode, waits: true }
    case 'other': {
      // A fast-registered mini program (notify_third_fasteregister) is authorized with the code in this event.
      const code = CODE_FIELDS.map((name) => event.data[name]).find(isUsable)
      const appId = event.authorizerAppId
      return appId && code !== undefined ? { event, appId, code: new Secret(code), waits: false } : undefined
    }
    default:
      return undefined
  }
}

/**
 * `authorized` and `updateauthorized` are emitted after their exchange, at most ten minutes later. Other events with a
 * code are emitted at once. An exchange that is not done when its event is emitted is retried in a job of its own, for
 * two hours.
 */
export async function handleAuthorization(pushed: PushedCode, context: Context): Promise<void> {
  if (context.job.announced) return finishExchange(pushed, context)
  if (!pushed.waits) return announceBeforeExchange(pushed, context)
  // An attempt has failed before: another one would only delay the event.
  if (isLate(context) && context.run.attempt > 1) return announceBeforeExchange(pushed, context)
  let exchanged: Exchanged
  try {
    exchanged = await exchange(pushed, context)
  } catch (error) {
    if (!isLate(context)) throw error
    context.log.warn({ ...logged(pushed, context), err: error }, 'authorizer.not_exchanged')
    return announceBeforeExchange(pushed, context)
  }
  if (exchanged === 'revoked') return
  const { job, platform } = context
  const event = withSession(consumerEvent(pushed.event, pushed.appId, job), exchanged.session)
  await platform.jobs.profileWanted(pushed.appId, { event, receivedAtMs: job.receivedAtMs })
}

/** Milliseconds until the event must be emitted, the bound of a retry's delay. Infinity after it was emitted. */
export function untilAnnouncementMs(job: ComponentEventJob, nowMs: number): number {
  const leftMs = job.receivedAtMs + ANNOUNCED_WITHIN_MS - nowMs
  return job.announced || leftMs <= 0 ? Infinity : leftMs
}

async function announceBeforeExchange(pushed: PushedCode, context: Context): Promise<void> {
  const { job, platform, log } = context
  if (
    pushed.waits &&
    (await platform.authorizations.isRevokedSince(pushed.appId, orderedAtSeconds(pushed.event, job.receivedAtMs)))
  ) {
    log.info({ ...logged(pushed, context), outcome: 'revoked meanwhile' }, 'authorizer.authorized')
    return
  }
  // In this order: after a crash in between, both are enqueued again and de-duplicated.
  await platform.jobs.exchangeWanted(job)
  await platform.jobs.platformEvent(consumerEvent(pushed.event, pushed.appId, job), { receivedAtMs: job.receivedAtMs })
}

async function finishExchange(pushed: PushedCode, context: Context): Promise<void> {
  const { job, run, platform, nowMs, log } = context
  try {
    if ((await exchange(pushed, context)) !== 'revoked') await platform.jobs.profileWanted(pushed.appId)
  } catch (error) {
    const isOver = run.attemptsLeft === 0 && !isStoreAway(error)
    if (isOver) {
      log.error({ ...logged(pushed, context), err: error }, 'authorization.incomplete')
      const { code, errcode } = describeFailure(error)
      const data = { appid: pushed.appId, code, ...(errcode === undefined ? {} : { errcode: String(errcode) }) }
      const about = { platform: platform.id, subject: pushed.appId, authorizerAppId: pushed.appId }
      const type = 'gateway.authorization.incomplete'
      await platform.jobs.platformEvent(
        platformEvent({ ...about, id: `gw_${job.eventId}`, type, timeMs: nowMs(), data }),
      )
    }
    throw error
  }
}

/** `session`: the one that this authorization completed. `revoked`: the account has revoked meanwhile. */
type Exchanged = { session: Session | undefined } | 'revoked'

async function exchange(pushed: PushedCode, context: Context): Promise<Exchanged> {
  const { job, platform, log } = context
  const { appId: authorizerAppId, code, event } = pushed
  const isAuthorization = event.kind === 'authorized' || event.kind === 'updateauthorized'
  let funcInfo: FuncInfo
  try {
    const { receivedAtMs } = job
    const { tokenFailure, ...settled } = await platform.authorizations.settleAuthorization(code, {
      authorizerAppId,
      createTimeSeconds: orderedAtSeconds(event, receivedAtMs),
      receivedAtMs,
      pushedAs: isAuthorization ? event.kind : undefined,
    })
    funcInfo = settled.funcInfo
    if (tokenFailure)
      log.warn({ platform: platform.id, subject: authorizerAppId, err: tokenFailure }, 'token.refresh_failed')
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === 'AUTHORIZER_REVOKED')) throw error
    log.info({ ...logged(pushed, context), outcome: 'revoked meanwhile' }, 'authorizer.authorized')
    return 'revoked'
  }
  log.info({ ...logged(pushed, context), outcome: 'exchanged' }, 'authorizer.authorized')
  const preAuthCode = isAuthorization ? event.preAuthCode : undefined
  const grantedSets = permissionSetIds(funcInfo)
  return { session: await platform.sessions.settlePushed({ appId: authorizerAppId, code, preAuthCode, grantedSets }) }
}

function withSession(event: GatewayEvent, session: Session | undefined): GatewayEvent {
  return session === undefined ? event : { ...event, data: { ...event.data, session: eventSession(session) } }
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
