// Owns: the event log of the internal listener, and replays from it.
import { compileMatcher, type GatewayEvent, type Subscription } from '@wxgw/contracts'
import type { LoggedEvent, Platform } from '@wxgw/platform'
import type { Action } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { assertGranted, forbidden, requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import { createContentView } from '../auth/event-content.ts'
import { createReach, namesOfDeliveries } from '../auth/subscription-access.ts'
import { instantMs } from '../http/instant.ts'
import { emptyBodyAllowed } from '../http/json-body.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import type { MemoryWatermark } from '../push/memory-watermark.ts'
import { eventSchemas } from '../schemas/events.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import { createDeliveriesView, deliveryFilter } from './shown-deliveries.ts'
import { subscriptionIn } from './subscriptions.ts'

/** What finding one event needs of a platform. */
export type EventReader = Pick<Platform, 'keepsEventLog'> & { events: Pick<Platform['events'], 'get'> }

export type EventPlatform = EventReader & {
  events: Pick<Platform['events'], 'find'>
  subscriptions: Pick<Platform['subscriptions'], 'all'>
  erasure: Pick<Platform['erasure'], 'begin'>
  jobs: Pick<Platform['jobs'], 'replay'>
}

type Deps = {
  platforms: ReadonlyMap<string, EventPlatform>
  memory: Pick<MemoryWatermark, 'assertRoomFor'>
  paging: Paging
  slots: RequestSlots
}

export function eventRoutes(app: GatewayServer, { platforms, memory, paging, slots }: Deps): void {
  const read = requireGrant({ action: 'events:read' })
  const replay = requireGrant({ action: 'events:replay' })

  app.get(
    `${PREFIX}/events`,
    { schema: eventSchemas.list, onRequest: read, preHandler: slots.long },
    async (request) => {
      const { params, query } = request
      if (query.subject !== undefined && query.authorizer === undefined) {
        throw new GatewayError('INVALID_REQUEST', 'subject is an openid of one account: it needs authorizer')
      }
      const platform = platformOf(platforms, params)
      const events = eventLogOf(platform)
      const sight = sightOf(request, await platform.subscriptions.all())
      const page = await events.find({
        ...paging.read(request),
        authorizer: query.authorizer,
        type: query.type,
        subject: query.subject,
        // The search covers only what the caller may see.
        text: query.q === undefined ? undefined : { needle: query.q, shown: createContentView(request) },
        fromMs: instantMs(query.from),
        toMs: instantMs(query.to),
        only: visibleAuthorizers(request, 'events:read'),
        delivery: deliveryFilter(query, sight),
      })
      const items = page.items.map(createView(request, sight))
      const { scannedTo } = page
      return { ...paging.answer(request, { ...page, items }), ...(scannedTo === undefined ? {} : { scannedTo }) }
    },
  )

  const one = { schema: eventSchemas.one, onRequest: read, preHandler: slots.everyShard }
  app.get(`${PREFIX}/events/:id`, one, async (request) => {
    const { id } = request.params
    const platform = platformOf(platforms, request.params)
    const logged = await eventOf(request, platform, { id, action: 'events:read' })
    return createView(request, sightOf(request, await platform.subscriptions.all()))(logged)
  })

  const erase = {
    schema: eventSchemas.erase,
    onRequest: requireGrant({ action: 'events:erase' }),
    preHandler: slots.long,
  }
  app.delete(`${PREFIX}/events`, erase, async (request, reply) => {
    const { params, query } = request
    assertGranted(request, 'events:erase', query.authorizer)
    const platform = platformOf(platforms, params)
    eventLogOf(platform)
    return reply.code(202).send({ erased: await platform.erasure.begin(query) })
  })

  const again = {
    schema: eventSchemas.replay,
    onRequest: replay,
    preValidation: emptyBodyAllowed,
    preHandler: slots.wait,
  }
  app.post(`${PREFIX}/events/:id/replay`, again, async (request, reply) => {
    const { params, body } = request
    const platform = platformOf(platforms, params)
    const { event, receivedAt } = await eventOf(request, platform, { id: params.id, action: 'events:replay' })
    const to = await reachedBy(request, platform, { event, names: body.subscriptions })
    memory.assertRoomFor('messages')
    await platform.jobs.replay(event, Date.parse(receivedAt), to)
    return reply.code(202).send({ eventId: event.id })
  })
}

function sightOf(request: FastifyRequest, subscriptions: readonly Subscription[]) {
  return { subscriptions, only: namesOfDeliveries(request, subscriptions) }
}

/** An event of the log as the caller may see it. */
function createView(request: Parameters<typeof createContentView>[0], sight: ReturnType<typeof sightOf>) {
  const show = createContentView(request)
  const view = createDeliveriesView(sight)
  return (logged: LoggedEvent) => ({ ...logged, event: show(logged.event), deliveries: view(logged.deliveries) })
}

type Wanted = { id: string; action: Action }

/** Throws EVENT_LOG_OFF, EVENT_NOT_FOUND, or FORBIDDEN, which a narrowed key gets for a missing event too. */
export async function eventOf(
  request: FastifyRequest,
  platform: EventReader,
  { id, action }: Wanted,
): Promise<LoggedEvent> {
  const found = await eventLogOf(platform).get(id)
  if (found) {
    assertGranted(request, action, found.authorizerappid ?? undefined)
    return found
  }
  if (visibleAuthorizers(request, action) !== undefined) throw forbidden()
  throw new GatewayError('EVENT_NOT_FOUND', 'there is no such event, or it is no longer remembered')
}

function eventLogOf<P extends EventReader>(platform: P): P['events'] {
  assertEventLog(platform)
  return platform.events
}

/** Throws EVENT_LOG_OFF. */
export function assertEventLog({ keepsEventLog }: Pick<Platform, 'keepsEventLog'>): void {
  if (!keepsEventLog) throw new GatewayError('EVENT_LOG_OFF', 'this platform keeps no event log (eventLog: false)')
}

type Replayed = { event: GatewayEvent; names: readonly string[] | undefined }

/**
 * The subscriptions of these names that match now and that the caller may replay to; undefined = all that match. Throws
 * FORBIDDEN or SUBSCRIPTION_NOT_FOUND for another name.
 */
async function reachedBy(
  request: FastifyRequest,
  platform: Pick<EventPlatform, 'subscriptions'>,
  { event, names }: Replayed,
): Promise<string[] | undefined> {
  if (names === undefined && visibleAuthorizers(request, 'events:replay') === undefined) return undefined
  const all = await platform.subscriptions.all(0)
  const isReached = createReach(request, 'events:replay')
  const wanted =
    names &&
    new Set(
      names.map((name) =>
        subscriptionIn(
          request,
          'events:replay',
          all.find((one) => one.name === name),
        ),
      ),
    )
  return compileMatcher(all)(event).flatMap((one) => ((wanted?.has(one) ?? isReached(one)) ? [one.name] : []))
}
