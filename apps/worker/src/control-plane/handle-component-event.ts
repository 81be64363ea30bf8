// Owns: what each event that WeChat sends to the component does to the gateway, and what of it consumers hear.
import { type ComponentEventJob, eventType, type GatewayEvent, platformEvent, UNPARSED_EVENT_TYPE } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import {
  type AuthorizerAppId,
  type ComponentAppId,
  type ComponentEvent,
  GatewayError,
  orderedAtSeconds,
  parseComponentEvent,
  refusalKind,
  Secret,
  withoutSecrets,
} from '@wxgw/wechat-core'
import { platformNotConfigured } from './platform-of-job.ts'

export type ComponentEventPlatform = {
  id: string
  componentAppId: ComponentAppId
  tickets: Pick<Platform['tickets'], 'saveIfNewer'>
  componentTokens: Pick<Platform['componentTokens'], 'get'>
  authorizations: Pick<Platform['authorizations'], 'exchangeCode' | 'revoke'>
  schedule: Pick<Platform['schedule'], 'figures' | 'resume'>
  unparsedPushes: Pick<Platform['unparsedPushes'], 'keep'>
  inbox: Pick<Platform['inbox'], 'openComponentEvent' | 'platformEvent' | 'profileWanted' | 'sync'>
}

export type ComponentEventDeps = { platforms: ReadonlyMap<string, ComponentEventPlatform>; log: Log }

type Understood = Exclude<ComponentEvent, { kind: 'unparsed' }>
type Context = { job: ComponentEventJob; platform: ComponentEventPlatform; log: Log }

/** Safe to run twice: tickets and authorizations are judged by order, codes are exchanged once, events carry the push's id. */
export async function handleComponentEvent(job: ComponentEventJob, { platforms, log }: ComponentEventDeps): Promise<void> {
  const platform = platforms.get(job.platform)
  if (!platform) throw platformNotConfigured()
  const context = { job, platform, log }
  const { receivedAtMs } = job
  const plaintext = platform.inbox.openComponentEvent(job)
  const event = parseComponentEvent({ plaintext, componentAppId: platform.componentAppId, receivedAtMs })
  switch (event.kind) {
    case 'component_verify_ticket':
      return keepTicket(event, context)
    case 'authorized':
    case 'updateauthorized':
      return authorize(event, event.authorizerAppId, event.authorizationCode, context)
    case 'unauthorized':
      return revoke(event, event.authorizerAppId, context)
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
  event: Understood & { kind: 'component_verify_ticket' },
  { job, platform, log }: Context,
): Promise<void> {
  const createTimeSeconds = orderedAtSeconds(event, job.receivedAtMs)
  const outcome = await platform.tickets.saveIfNewer(event.ticket, createTimeSeconds)
  log.info(
    { platform: platform.id, eventId: job.eventId, createTimeSeconds, outcome },
    'ticket.received',
  )
  // Bought at once when there is none, so that the first caller does not have to wait for it; if not now, then on its read.
  await platform.componentTokens.get().then(
    () => platform.schedule.resume('ticket-missing'),
    (error: unknown) => log.warn({ platform: platform.id, err: error }, 'token.refresh_failed'),
  )
  // A new installation, or a Redis that has lost everything: whoever has authorized stands in WeChat's own list. Asked with every
  // ticket as long as there is nobody, in case a worker died in between.
  if ((await platform.schedule.figures()).authorizers === 0) {
    const { jobId } = await platform.inbox.sync()
    log.info({ platform: platform.id, jobId }, 'authorizers.sync_started')
  }
}

async function authorize(event: Understood, appId: AuthorizerAppId, code: Secret, context: Context): Promise<void> {
  const { job, platform, log } = context
  const logged = { platform: platform.id, eventId: job.eventId, appid: appId }
  try {
    const createTimeSeconds = orderedAtSeconds(event, job.receivedAtMs)
    await platform.authorizations.exchangeCode(code, { authorizerAppId: appId, createTimeSeconds })
  } catch (error) {
    if (!isRevoked(error)) throw error
    log.info({ ...logged, outcome: 'revoked meanwhile' }, 'authorizer.authorized')
    return
  }
  log.info({ ...logged, outcome: 'exchanged' }, 'authorizer.authorized')
  await platform.inbox.profileWanted(appId, consumerEvent(event, appId, job))
}

async function revoke(event: Understood, appId: AuthorizerAppId, context: Context): Promise<void> {
  const { job, platform, log } = context
  const outcome = await platform.authorizations.revoke(appId, orderedAtSeconds(event, job.receivedAtMs))
  log.info({ platform: platform.id, eventId: job.eventId, appid: appId, outcome }, 'authorizer.unauthorized')
  // When ignored, it is an older word than the authorization it would end: consumers would switch off an account that works.
  if (outcome === 'revoked') await dispatch(consumerEvent(event, appId, job), context)
}

async function handleOther(event: Understood & { kind: 'other' }, context: Context): Promise<void> {
  // A fast-registered mini program (notify_third_fasteregister) is authorized with the code of this very event.
  const code = event.data['auth_code']
  if (event.authorizerAppId && typeof code === 'string' && code !== '') {
    return authorize(event, event.authorizerAppId, new Secret(code), context)
  }
  return dispatch(consumerEvent(event, event.authorizerAppId, context.job), context)
}

/** It may hold a ticket or a code in any notation: nobody else is given any of it. Before its event, so that it is there then. */
async function keepForOperator(plaintext: string, reason: string, { job, platform, log }: Context): Promise<void> {
  const { eventId, receivedAtMs } = job
  await platform.unparsedPushes.keep({ eventId, plaintext, receivedAtMs })
  log.warn({ platform: platform.id, eventId, reason }, 'push.unparsed')
}

async function dispatchUnparsed(event: ComponentEvent & { kind: 'unparsed' }, context: Context): Promise<void> {
  const { job, platform } = context
  const data = { rawLength: event.raw.length, reason: event.reason }
  await dispatch(
    platformEvent({ id: job.eventId, platform: platform.id, type: UNPARSED_EVENT_TYPE, timeMs: job.receivedAtMs, data }),
    context,
  )
}

async function dispatch(event: GatewayEvent, { job, platform }: Context): Promise<void> {
  await platform.inbox.platformEvent(event, { receivedAtMs: job.receivedAtMs })
}

function consumerEvent(event: Understood, appId: AuthorizerAppId | undefined, job: ComponentEventJob): GatewayEvent {
  return platformEvent({
    id: job.eventId,
    platform: job.platform,
    type: eventType('wechat.component', event.infoType),
    timeMs: event.createTimeSeconds === undefined ? job.receivedAtMs : event.createTimeSeconds * 1000,
    subject: appId,
    authorizerAppId: appId,
    data: withoutSecrets(event.data),
  })
}

function isRevoked(error: unknown): boolean {
  return (error instanceof GatewayError && error.code === 'AUTHORIZER_REVOKED') || refusalKind(error) === 'not-authorized'
}
