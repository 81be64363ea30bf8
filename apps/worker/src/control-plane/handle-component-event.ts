// Owns: handling each component event, and the event that consumers get for it. Events with an authorization code are
// handled in handle-authorization.ts.
import { type ComponentEventJob, type GatewayEvent, platformEvent, UNPARSED_EVENT_TYPE } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { JobContext } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import {
  type AuthorizerAppId,
  type ComponentAppId,
  type ComponentEvent,
  orderedAtSeconds,
  parseComponentEvent,
} from '@wxgw/wechat-core'
import { consumerEvent, type UnderstoodEvent } from './consumer-event.ts'
import { authorizationOf, type AuthorizationPlatform, handleAuthorization } from './handle-authorization.ts'
import { platformNotConfigured } from './platform-of-job.ts'

type ComponentEventPlatform = Omit<AuthorizationPlatform, 'jobs' | 'authorizations'> & {
  componentAppId: ComponentAppId
  tickets: Pick<Platform['tickets'], 'saveIfNewer'>
  componentTokens: Pick<Platform['componentTokens'], 'get'>
  authorizations: AuthorizationPlatform['authorizations'] & Pick<Platform['authorizations'], 'revoke'>
  schedule: Pick<Platform['schedule'], 'figures' | 'resume'>
  unparsedPushes: Pick<Platform['unparsedPushes'], 'keep'>
  jobs: AuthorizationPlatform['jobs'] & Pick<Platform['jobs'], 'sync'>
  sealedJobs: Pick<Platform['sealedJobs'], 'openComponentEvent'>
}

type ComponentEventDeps = { platforms: ReadonlyMap<string, ComponentEventPlatform>; nowMs(): number; log: Log }

const AUTHORIZATIONS: ReadonlySet<string> = new Set(['authorized', 'updateauthorized'])

type Context = { job: ComponentEventJob; platform: ComponentEventPlatform; log: Log }

/**
 * Safe to run twice: tickets and authorizations are ordered by their time, codes are exchanged once, and emitted events
 * have the id of the push.
 */
export async function handleComponentEvent(
  job: ComponentEventJob,
  run: Pick<JobContext, 'attempt' | 'attemptsLeft'>,
  { platforms, nowMs, log }: ComponentEventDeps,
): Promise<void> {
  const platform = platforms.get(job.platform)
  if (!platform) throw platformNotConfigured()
  const context = { job, platform, log }
  const { receivedAtMs } = job
  const plaintext = platform.sealedJobs.openComponentEvent(job)
  const event = parseComponentEvent({ plaintext, componentAppId: platform.componentAppId, receivedAtMs })
  const authorization = authorizationOf(event)
  if (authorization) return handleAuthorization(authorization, { job, run, platform, nowMs, log })
  switch (event.kind) {
    case 'component_verify_ticket':
      return keepTicket(event, context)
    case 'unauthorized':
      return revoke(event, event.authorizerAppId, context)
    case 'authorized':
    case 'updateauthorized':
    case 'other':
      return handleOther(event, context)
    case 'unusable_ticket':
      return keepForOperator(plaintext, 'unusable-ticket', context)
    case 'unparsed':
      await keepForOperator(plaintext, event.reason, context)
      return dispatchUnparsed(event, context)
    default:
      event satisfies never
  }
}

async function keepTicket(
  event: UnderstoodEvent & { kind: 'component_verify_ticket' },
  { job, platform, log }: Context,
): Promise<void> {
  const createTimeSeconds = orderedAtSeconds(event, job.receivedAtMs)
  const outcome = await platform.tickets.saveIfNewer(event.ticket, createTimeSeconds)
  log.info({ platform: platform.id, eventId: job.eventId, createTimeSeconds, outcome }, 'ticket.received')
  // Fetch the component's token now, so that the first caller does not wait for it. If that fails, the next read
  // fetches it.
  await platform.componentTokens.get().then(
    () => platform.schedule.resume('ticket-missing'),
    (error: unknown) => log.warn({ platform: platform.id, err: error }, 'token.refresh_failed'),
  )
  // A new installation, or a Redis that lost its data: WeChat's own list has the authorized accounts. Started with
  // every ticket as long as no account is known, because a worker may die before the sync is enqueued.
  if ((await platform.schedule.figures()).authorizers === 0) {
    const { jobId } = await platform.jobs.sync()
    log.info({ platform: platform.id, jobId }, 'authorizers.sync_started')
  }
}

async function revoke(event: UnderstoodEvent, appId: AuthorizerAppId, context: Context): Promise<void> {
  const { job, platform, log } = context
  const outcome = await platform.authorizations.revoke(appId, orderedAtSeconds(event, job.receivedAtMs))
  log.info({ platform: platform.id, eventId: job.eventId, appid: appId, outcome }, 'authorizer.unauthorized')
  // An event that is older than the authorization is ignored and not emitted: consumers would switch off a working
  // account.
  if (outcome === 'revoked') await dispatch(consumerEvent(event, appId, job), context)
}

/**
 * Stores the plaintext for the operator only: it may contain a ticket or a code in any notation. Runs before the event
 * is emitted, so that the plaintext is there when a consumer gets the event.
 */
async function keepForOperator(plaintext: string, reason: string, { job, platform, log }: Context): Promise<void> {
  const { eventId, receivedAtMs } = job
  await platform.unparsedPushes.keep({ eventId, plaintext, receivedAtMs })
  log.warn({ platform: platform.id, eventId, reason }, 'push.unparsed')
}

/** An authorization without a code: only WeChat's list can bring its account. */
async function handleOther(
  event: UnderstoodEvent & { authorizerAppId: AuthorizerAppId | undefined },
  context: Context,
): Promise<void> {
  const { job, platform, log } = context
  if (AUTHORIZATIONS.has(event.infoType.toLowerCase())) {
    const { jobId } = await platform.jobs.sync()
    log.warn({ platform: platform.id, eventId: job.eventId, jobId }, 'authorizer.without_code')
  }
  return dispatch(consumerEvent(event, event.authorizerAppId, job), context)
}

async function dispatchUnparsed(event: ComponentEvent & { kind: 'unparsed' }, context: Context): Promise<void> {
  const { job, platform } = context
  const data = { rawLength: event.raw.length, reason: event.reason }
  await dispatch(
    platformEvent({
      id: job.eventId,
      platform: platform.id,
      type: UNPARSED_EVENT_TYPE,
      timeMs: job.receivedAtMs,
      data,
    }),
    context,
  )
}

async function dispatch(event: GatewayEvent, { job, platform }: Context): Promise<void> {
  await platform.jobs.platformEvent(event, { receivedAtMs: job.receivedAtMs })
}
