// Owns: the worker's own small listener: is it alive, is it ready, its figures.
import { type ReadinessCheck, reportReadiness } from '@wxgw/platform'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { STATUS_CODES } from 'node:http'

const REQUEST_TIMEOUT_MS = 5000

export type HealthServerDeps = {
  readiness: readonly ReadinessCheck[]
  metrics: { contentType: string; text(): Promise<string> }
}

/** `GET /healthz`, `GET /readyz` (503 with a reason per check), `GET /metrics`. */
export function createHealthServer({ readiness, metrics }: HealthServerDeps): FastifyInstance {
  const server = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: (_error, request, reply) => {
      refuse(request, reply, { statusCode: 400, code: 'INVALID_REQUEST', message: 'the path is not validly encoded' })
    },
  })
  // Fastify's own answers repeat the path and the text of errors.
  server.setNotFoundHandler((request, reply) => {
    return refuse(request, reply, { statusCode: 404, code: 'ROUTE_NOT_FOUND', message: 'there is no such route' })
  })
  server.setErrorHandler((_error, request, reply) => {
    return refuse(request, reply, { statusCode: 500, code: 'INTERNAL', message: 'an internal error occurred' })
  })
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const report = await reportReadiness(readiness)
    return reply.code(report.status === 'ready' ? 200 : 503).send(report)
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  return server
}

type Refusal = { statusCode: number; code: string; message: string }

/** In the shape of the ingress' errors. */
function refuse({ id }: FastifyRequest, reply: FastifyReply, { statusCode, code, message }: Refusal): FastifyReply {
  return reply.code(statusCode).send({ statusCode, code, error: STATUS_CODES[statusCode], message, requestId: id })
}
