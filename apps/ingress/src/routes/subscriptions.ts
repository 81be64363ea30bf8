// Owns: subscriptions of the internal listener, and the test event. Their dead letters are dead-letters.ts.
import { randomUUID } from 'node:crypto'
import { platformEvent, subscriptionView, type Subscription } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Action } from '@wxgw/runtime'
import { GatewayError, type Clock } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { creatorOf, requireGrant } from '../auth/authenticate.ts'
import { assertMaySubscribe, assertReached, createReach } from '../auth/subscription-access.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { subscriptionSchemas } from '../schemas/subscriptions.ts'
import type { GatewayServer } from '../server.ts'

/** What finding one subscription needs of a platform. */
export type SubscriptionReader = { subscriptions: Pick<Platform['subscriptions'], 'get'> }

export type SubscriptionPlatform = Pick<Platform, 'id'> & {
  subscriptions: Pick<Platform['subscriptions'], 'get' | 'list' | 'put' | 'patch' | 'delete' | 'rotateSecret'>
  jobs: Pick<Platform['jobs'], 'platformEvent'>
}

type Deps = { platforms: ReadonlyMap<string, SubscriptionPlatform>; paging: Paging; slots: RequestSlots; clock: Clock }

export function subscriptionRoutes(app: GatewayServer, { platforms, paging, slots, clock }: Deps): void {
  const read = requireGrant({ action: 'subscriptions:read' })
  const write = requireGrant({ action: 'subscriptions:write' })
  const one = `${PREFIX}/subscriptions/:name`

  app.put(
    one,
    { schema: subscriptionSchemas.put, onRequest: write, preHandler: slots.wait },
    async (request, reply) => {
      const { params, body } = request
      const platform = platformOf(platforms, params)
      if (body.name !== undefined && body.name !== params.name) {
        throw new GatewayError('INVALID_REQUEST', 'the name in the body is not the name in the path')
      }
      assertMaySubscribe(request, body)
      const { subscription, created, secret } = await platform.subscriptions.put(params.name, body, {
        creator: creatorOf(request),
        assertMayReplace: (existing) => void assertReached(request, 'subscriptions:write', existing),
      })
      return reply.code(created ? 201 : 200).send(subscriptionView(subscription, secret))
    },
  )

  app.get(
    `${PREFIX}/subscriptions`,
    { schema: subscriptionSchemas.list, onRequest: read, preHandler: slots.long },
    async (request) => {
      const { subscriptions } = platformOf(platforms, request.params)
      const { items, nextCursor } = await subscriptions.list({
        ...paging.read(request),
        isShown: createReach(request, 'subscriptions:read'),
      })
      return paging.answer(request, { items: items.map((subscription) => subscriptionView(subscription)), nextCursor })
    },
  )

  app.get(one, { schema: subscriptionSchemas.one, onRequest: read, preHandler: slots.wait }, async (request) => {
    const platform = platformOf(platforms, request.params)
    return subscriptionView(await subscriptionOf(request, platform, 'subscriptions:read'))
  })

  app.patch(one, { schema: subscriptionSchemas.patch, onRequest: write, preHandler: slots.wait }, async (request) => {
    const { params, body } = request
    const changed = await platformOf(platforms, params).subscriptions.patch(params.name, body, (existing) => {
      assertReached(request, 'subscriptions:write', existing)
      // Enabling a subscription with `reply` lets it answer users: this needs the right to subscribe.
      if (body.enabled === true || body.paused === false) assertMaySubscribe(request, existing)
    })
    if (!changed) throw subscriptionNotFoundTo(request)
    return subscriptionView(changed)
  })

  app.delete(
    one,
    { schema: subscriptionSchemas.remove, onRequest: write, preHandler: slots.wait },
    async (request, reply) => {
      const platform = platformOf(platforms, request.params)
      const deleted = await platform.subscriptions.delete(request.params.name, {
        assertMayDelete: (existing) => void assertReached(request, 'subscriptions:write', existing),
      })
      if (!deleted) throw subscriptionNotFound()
      return reply.code(204).send(null)
    },
  )

  const rotate = { schema: subscriptionSchemas.rotateSecret, onRequest: write, preHandler: slots.wait }
  app.post(`${one}/rotate-secret`, rotate, async (request) => {
    const { params } = request
    const assertMayChange = (existing: Subscription) => void assertReached(request, 'subscriptions:write', existing)
    const secret = await platformOf(platforms, params).subscriptions.rotateSecret(params.name, assertMayChange)
    if (secret === undefined) throw subscriptionNotFoundTo(request)
    return { secret }
  })

  app.post(
    `${one}/test`,
    { schema: subscriptionSchemas.test, onRequest: write, preHandler: slots.wait },
    async (request, reply) => {
      const platform = platformOf(platforms, request.params)
      const { name } = await subscriptionOf(request, platform, 'subscriptions:write')
      const nowMs = clock.nowMs()
      const event = platformEvent({
        id: `test-${randomUUID()}`,
        platform: platform.id,
        type: 'gateway.subscription.test',
        timeMs: nowMs,
        data: { subscription: name },
      })
      await platform.jobs.platformEvent(event, { receivedAtMs: nowMs, only: name })
      return reply.code(202).send({ eventId: event.id })
    },
  )
}

/** Throws SUBSCRIPTION_NOT_FOUND, or FORBIDDEN. */
export async function subscriptionOf(
  request: FastifyRequest<{ Params: { name: string } }>,
  platform: SubscriptionReader,
  action: Action,
): Promise<Subscription> {
  return subscriptionIn(request, action, await platform.subscriptions.get(request.params.name))
}

/** As `subscriptionOf`, of what was found. */
export function subscriptionIn(request: FastifyRequest, action: Action, found: Subscription | undefined): Subscription {
  const reached = assertReached(request, action, found)
  if (!reached) throw subscriptionNotFound()
  return reached
}

function subscriptionNotFoundTo(request: FastifyRequest): GatewayError {
  assertReached(request, 'subscriptions:write', undefined)
  return subscriptionNotFound()
}

function subscriptionNotFound(): GatewayError {
  return new GatewayError('SUBSCRIPTION_NOT_FOUND', 'there is no subscription of this name')
}
