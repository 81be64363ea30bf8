// Owns: the worker's HTTP listener for liveness, readiness and metrics.
import { createReadinessReports, type ReadinessCheck } from '@wxgw/platform'
import { answerExpectations, createRequestIds, endUnread, errorAnswer, errorBody, refuseOnSocket } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

const REQUEST_TIMEOUT_MS = 5000
const HEADERS_TIMEOUT_MS = 3000

type HealthServerDeps = {
  readiness: readonly ReadinessCheck[]
  metrics: { contentType: string; text(): Promise<string> }
}

/** `GET /healthz`, `GET /readyz` (503 with a reason per check), `GET /metrics`. Takes no body. */
export function createHealthServer({ readiness, metrics }: HealthServerDeps): FastifyInstance {
  const nextRequestId = createRequestIds()
  const server = Fastify({
    logger: false,
    genReqId: nextRequestId,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Probes may send no Host header, and Node's own refusal has no body.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false },
    frameworkErrors: refuse,
    clientErrorHandler: (error, socket) => refuseOnSocket(error, socket, nextRequestId),
  })
  // Fastify's own answers would repeat the path and the texts of errors.
  server.setErrorHandler(refuse)
  server.setNotFoundHandler(notFound)
  // Before the body is parsed: no route takes one.
  server.addHook('onRequest', (request, _reply, done) => (request.is404 ? notFound() : done()))
  answerExpectations(server.server, nextRequestId)
  server.get('/healthz', async () => ({ status: 'ok' }))
  const report = createReadinessReports(readiness)
  server.get('/readyz', async (_request, reply) => {
    const answer = await report()
    return reply.code(answer.status === 'ready' ? 200 : 503).send(answer)
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  return server
}

function notFound(): never {
  throw new GatewayError('ROUTE_NOT_FOUND', 'there is no such route')
}

/** Answers errors in the shape of the ingress. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const answer = errorAnswer(error)
  if (endUnread(request.raw)) reply.header('connection', 'close')
  void reply.code(answer.statusCode).type('application/json; charset=utf-8').send(errorBody(answer, request.id))
}
