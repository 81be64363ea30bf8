// Owns: POST and GET /apis/v1/wx/:platform/event, 授权事件接收URL. Stores a ticket at once; the worker handles every event.
import type { PushMade, Statistics, TicketStore } from '@wxgw/platform'
import { eventId, orderedAtSeconds, parseComponentEvent, type ComponentEvent } from '@wxgw/wechat-core'
import { platformOf } from '../platform-lookup.ts'
import { pushSchemas } from '../schemas/pushes.ts'
import type { GatewayServer } from '../server.ts'
import { answerText, madeAt, openPush, SUCCESS, type PushDeps, type PushPlatform } from './push-context.ts'
import type { PushIntake } from './push-intake.ts'
import { createStoreBudget } from './store-budget.ts'
import { echoOf } from './url-check.ts'

export type ComponentPlatform = PushPlatform & {
  tickets: Pick<TicketStore, 'saveIfNewer'>
  statistics: Pick<Statistics, 'count'>
}
type Deps = PushDeps<ComponentPlatform> & { intake: PushIntake }
type VerifyTicket = Extract<ComponentEvent, { kind: 'component_verify_ticket' }>

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html
 */
export function componentEventRoute(scope: GatewayServer, deps: Deps): void {
  const { platforms, intake, log, clock } = deps

  scope.post('/apis/v1/wx/:platform/event', { schema: pushSchemas.componentEvent }, async (request, reply) => {
    const receivedAtMs = clock.nowMs()
    const platform = platformOf(platforms, request.params)
    const opened = openPush(deps, { request, platform, query: request.query, nowMs: receivedAtMs })
    const { plaintext } = opened
    const event = parseComponentEvent({ plaintext, componentAppId: platform.componentAppId, receivedAtMs })
    const about = { platform: platform.id }
    const infoType = event.kind === 'unparsed' ? event.kind : event.infoType
    const id = eventId({
      platform: platform.id,
      appId: platform.componentAppId,
      kind: 'component',
      content: event.kind === 'unparsed' ? event.raw : event.data,
    })
    // A ticket is stored before it is acknowledged: the next call of any process uses it. It is stored and queued at
    // the same time: one after the other, the time-outs of a Redis that does not answer would add up.
    const [outcome] = await Promise.all([
      intake.accept(
        { v: 1, kind: 'component-event', ...about, eventId: id, plaintext, receivedAtMs, made: madeOf(event) },
        createStoreBudget(clock, receivedAtMs),
      ),
      event.kind === 'component_verify_ticket' ? keepTicket(deps, { platform, event, receivedAtMs }) : undefined,
    ])
    if (outcome === 'duplicate') platform.statistics.count('duplicates')
    log.info({ ...about, eventId: id, infoType, outcome, durationMs: clock.nowMs() - receivedAtMs }, 'push.received')
    return answerText(reply, SUCCESS)
  })

  scope.get('/apis/v1/wx/:platform/event', { schema: pushSchemas.componentUrlCheck }, (request, reply) => {
    const platform = platformOf(platforms, request.params)
    reply.send(answerText(reply, echoOf(deps, platform.pushKeys, request.query)))
  })
}

type Ticket = { platform: ComponentPlatform; event: VerifyTicket; receivedAtMs: number }

/** Never rejects: the queued (or spooled) event carries the ticket too, and the answer depends on that event alone. */
async function keepTicket({ log, clock }: Deps, { platform, event, receivedAtMs }: Ticket): Promise<void> {
  const within = createStoreBudget(clock, receivedAtMs)
  try {
    await within(() => platform.tickets.saveIfNewer(event.ticket, orderedAtSeconds(event, receivedAtMs)))
  } catch (error) {
    log.warn({ err: error, platform: platform.id }, 'ticket.not_kept_yet')
  }
}

/** Tickets and authorizations have no age limit: the worker compares their CreateTime with the stored one. */
function madeOf(event: ComponentEvent): PushMade {
  switch (event.kind) {
    case 'component_verify_ticket':
    case 'authorized':
    case 'updateauthorized':
    case 'unauthorized':
      return 'ordered'
    case 'other':
    case 'unusable_ticket':
      return madeAt(event.createTimeSeconds)
    case 'unparsed':
      return 'unknown'
    default:
      return event satisfies never
  }
}
