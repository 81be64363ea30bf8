// Owns: the Fastify instance of both listeners with strict defaults: limits, time-outs, error shape. No routes.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  answerExpectations,
  type Config,
  createProxyTrust,
  createRequestIds,
  type Log,
  type Metrics,
  refuseOnSocket,
} from '@wxgw/runtime'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDraining } from './drain.ts'
import { createErrorHandler, notFound, setCommonHeaders } from './error-handler.ts'
import { lazySerializers, lazyValidators } from './http/lazy-schemas.ts'
import * as limits from './http/limits.ts'
import { parsePairs } from './http/query-string.ts'
import { checkRequest } from './http/request-checks.ts'
import { type CountAnswer, observeAnswers } from './metrics.ts'

export type Listener = 'public' | 'internal'
export type GatewayServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

type Deps = {
  config: { publicListener: Pick<Config['publicListener'], 'trustProxy'> }
  log: Log
  metrics?: Metrics | undefined
}

export function createServer(listener: Listener, deps: Deps): { app: GatewayServer; countAnswer: CountAnswer } {
  const nextRequestId = createRequestIds()
  const handleError = createErrorHandler(deps)
  const { trustProxy } = deps.config.publicListener

  const app = Fastify({
    // Each unit of work writes its own log line. Fastify's two lines per request would cost half the throughput.
    logger: false,
    genReqId: nextRequestId,
    requestIdHeader: false,
    trustProxy: trustProxy.length > 0 ? createProxyTrust(trustProxy) : false,
    bodyLimit: limits.MAX_BODY_BYTES,
    requestTimeout: listener === 'public' ? limits.REQUEST_TIMEOUT_MS : limits.CALL_REQUEST_TIMEOUT_MS,
    connectionTimeout: limits.SOCKET_TIMEOUT_MS,
    keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT_MS,
    exposeHeadRoutes: false,
    // While closing, requests on open connections are served: drain() has sent `Connection: close`.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: limits.MAX_HEADER_BYTES,
      headersTimeout: limits.HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: limits.CONNECTIONS_CHECK_INTERVAL_MS,
      // checkRequest checks it: it answers in our shape, and also finds a second Host header.
      requireHostHeader: false,
    },
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: limits.MAX_PARAM_LENGTH,
      querystringParser: parsePairs,
    },
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply)
    },
    clientErrorHandler: (error, socket) => refuseOnSocket(error, socket, nextRequestId),
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(lazyValidators())
  app.setSerializerCompiler(lazySerializers())
  app.decorateRequest('refusedWith', undefined)
  app.setErrorHandler(handleError)
  app.setNotFoundHandler(notFound)
  app.addHook('onRequest', (request, reply, done) => {
    setCommonHeaders(reply)
    if (isDraining(app)) reply.header('connection', 'close')
    // Plugins that serve files register HEAD anyway.
    if (request.method === 'HEAD') notFound()
    checkRequest(request)
    done()
  })
  app.removeAllContentTypeParsers()
  answerExpectations(app.server, nextRequestId)
  const countAnswer = observeAnswers(app, { listener, metrics: deps.metrics })
  return { app, countAnswer }
}
