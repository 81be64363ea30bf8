// Owns: /_simulator/*, the JSON routes that drive the simulator. A form of the page at `/` is redirected back to it.
import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { runReleaseCheck } from '../release-check/run-release-check.ts'
import type { SettingsChange } from '../settings.ts'
import type { World } from '../world.ts'
import * as schemas from './control-schemas.ts'
import { stateOf } from './state.ts'

type AppIdParams = { appId: string }

export function controlRoutes(world: World) {
  return async function register(app: FastifyInstance) {
    await app.register(formbody)
    // The body may be left out.
    app.addHook('preValidation', async (request) => {
      if (request.method !== 'GET') request.body ??= {}
    })
    app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const statusCode = error.statusCode ?? (error instanceof RangeError ? 400 : 500)
      const message = statusCode === 415 ? 'the body must be JSON or a form' : error.message
      return reply.code(statusCode).send({ statusCode, message })
    })
    await app.register(async (scope) => stateRoutes(scope, world), { prefix: '/_simulator' })
    await app.register(async (scope) => pushRoutes(scope, world), { prefix: '/_simulator' })
    await app.register(async (scope) => faultRoutes(scope, world), { prefix: '/_simulator' })
    app.all('/_simulator/*', (_request, reply) => reply.code(404).send({ statusCode: 404, message: 'no such route' }))
  }
}

function stateRoutes(app: FastifyInstance, world: World) {
  const { accounts, authorizations, calls, customerService, pusher } = world
  app.get('/state', () => stateOf(world))
  app.get<{ Querystring: schemas.RecentQuery }>(
    '/calls',
    { schema: { querystring: schemas.recentQuery } },
    ({ query }) => {
      const wanted = calls.recent.filter((call) => fits(query.api, call.api) && fits(query.appId, call.appId))
      return { items: wanted.slice(-query.limit) }
    },
  )
  app.get<{ Querystring: schemas.CountQuery }>(
    '/calls/count',
    { schema: { querystring: schemas.countQuery } },
    ({ query }) => ({
      count: calls.count(query.api, query.appId),
      peakConcurrency: calls.peakConcurrency(query.api, query.appId),
    }),
  )
  app.delete('/calls', () => {
    calls.clear()
    return {}
  })
  app.get<{ Querystring: schemas.RecentQuery }>(
    '/pushes',
    { schema: { querystring: schemas.recentQuery } },
    ({ query }) => ({
      items: pusher.recent.filter((push) => fits(query.appId, push.appId)).slice(-query.limit),
    }),
  )
  app.get<{ Querystring: schemas.RecentQuery }>(
    '/custom-messages',
    { schema: { querystring: schemas.recentQuery } },
    ({ query }) => ({
      items: customerService.sent.filter((sent) => fits(query.appId, sent.appId)).slice(-query.limit),
    }),
  )
  app.get<{ Params: AppIdParams }>('/accounts/:appId/tokens', ({ params: { appId } }) => ({
    appId: accounts.get(appId).appId,
    accessToken: authorizations.currentAccessToken(appId) ?? null,
    refreshToken: authorizations.currentRefreshToken(appId) ?? null,
  }))
  app.post<{ Body: schemas.TokenBody }>(
    '/tokens/check',
    { schema: { body: schemas.tokenBody } },
    ({ body: { appId, token } }) => {
      const owner = authorizations.ownerOfAccessToken(token)
      return {
        valid: owner?.appId === appId && owner.state === 'valid',
        current: authorizations.currentAccessToken(appId) === token,
      }
    },
  )
}

function pushRoutes(app: FastifyInstance, world: World) {
  const { accounts, componentPushes, messagePushes } = world
  app.get('/accounts', () => ({ items: stateOf(world).accounts }))
  app.post<{ Body: schemas.AccountBody }>('/accounts', { schema: { body: schemas.accountBody } }, (request, reply) =>
    answer(request, reply, accounts.add(request.body)),
  )
  app.post<{ Params: AppIdParams; Body: schemas.AuthorizeBody }>(
    '/accounts/:appId/authorize',
    { schema: { body: schemas.authorizeBody } },
    async (request, reply) =>
      answer(request, reply, await componentPushes.authorize(request.params.appId, request.body)),
  )
  app.post<{ Params: AppIdParams; Body: schemas.UnauthorizeBody }>(
    '/accounts/:appId/unauthorize',
    { schema: { body: schemas.unauthorizeBody } },
    async (request, reply) =>
      answer(request, reply, await componentPushes.unauthorize(request.params.appId, request.body)),
  )
  app.post<{ Params: AppIdParams; Body: schemas.TextBody }>(
    '/accounts/:appId/messages/text',
    { schema: { body: schemas.textBody } },
    async (request, reply) => answer(request, reply, await messagePushes.sendText(request.params.appId, request.body)),
  )
  app.post<{ Params: AppIdParams; Body: schemas.EventBody }>(
    '/accounts/:appId/messages/event',
    { schema: { body: schemas.eventBody } },
    async (request, reply) => answer(request, reply, await messagePushes.sendEvent(request.params.appId, request.body)),
  )
  app.post<{ Params: AppIdParams; Body: schemas.XmlBody }>(
    '/accounts/:appId/messages/xml',
    { schema: { body: schemas.xmlBody } },
    async (request, reply) =>
      answer(request, reply, await messagePushes.sendMessageXml(request.params.appId, request.body.xml)),
  )
  app.post<{ Params: AppIdParams; Body: schemas.SampleBody }>(
    '/accounts/:appId/messages/sample',
    { schema: { body: schemas.sampleBody } },
    async (request, reply) => {
      const { name, ...sender } = request.body
      return answer(request, reply, await messagePushes.sendSample(request.params.appId, name, sender))
    },
  )
  app.post<{ Body: schemas.XmlBody }>(
    '/component-events',
    { schema: { body: schemas.xmlBody } },
    async (request, reply) => answer(request, reply, await messagePushes.push('component', request.body)),
  )
  app.post<{ Body: schemas.TicketBody }>('/tickets', { schema: { body: schemas.ticketBody } }, async (request, reply) =>
    answer(request, reply, await componentPushes.pushTicket(request.body)),
  )
  app.post<{ Body: schemas.ReleaseCheckBody }>(
    '/release-check',
    { schema: { body: schemas.releaseCheckBody } },
    async (request, reply) => answer(request, reply, await runReleaseCheck(world, request.body)),
  )
}

/** Faults, the clock and the settings. */
function faultRoutes(app: FastifyInstance, world: World) {
  const { faults, clock } = world
  app.get('/faults', () => ({ items: faults.all() }))
  app.post<{ Body: schemas.FaultBody }>('/faults', { schema: { body: schemas.faultBody } }, (request, reply) => {
    const { api, ...plan } = request.body
    return answer(request, reply, { id: faults.add(api, plan).id })
  })
  app.delete('/faults', () => {
    faults.clear()
    return {}
  })
  app.delete<{ Params: { id: string } }>('/faults/:id', (request, reply) => {
    if (faults.remove(request.params.id)) return {}
    return reply.code(404).send({ statusCode: 404, message: 'no such fault, or it is over' })
  })
  app.post<{ Body: schemas.AdvanceBody }>('/advance', { schema: { body: schemas.advanceBody } }, (request, reply) => {
    clock.advance(request.body.seconds)
    return answer(request, reply, { now: new Date(clock.nowMs()).toISOString() })
  })
  app.patch<{ Body: SettingsChange }>('/settings', { schema: { body: schemas.settingsBody } }, ({ body }) => {
    world.configure(body)
    return stateOf(world).settings
  })
}

function fits(wanted: string | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted === value
}

function answer(request: FastifyRequest, reply: FastifyReply, result: object) {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  return isForm ? reply.redirect('/', 303) : reply.send(result)
}
