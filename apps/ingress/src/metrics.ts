// Owns: the metrics of the listeners, and counting each answer once.
import type { Metrics } from '@wxgw/runtime'
import type { FastifyRequest } from 'fastify'
import type { GatewayServer, Listener } from './server.ts'

type Instruments = ReturnType<typeof createInstruments>

declare module 'fastify' {
  interface FastifyRequest {
    /** By performance.now(). Unset when Fastify refuses the request itself. */
    arrivedAtMs: number | undefined
  }
}

// Both listeners share one registry, and a metric can be registered once.
const instrumentsOf = new WeakMap<Metrics, Instruments>()

/** Counts an answer that is written without Fastify. */
export type CountAnswer = (request: FastifyRequest, status: number) => void

/** Labels are bounded: the route is the pattern, never the path; the code is one of ours. */
export function observeAnswers(
  app: GatewayServer,
  { listener, metrics }: { listener: Listener; metrics: Metrics | undefined },
): CountAnswer {
  if (metrics === undefined) return () => undefined
  const instruments = instrumentsOf.get(metrics) ?? createInstruments(metrics)
  instrumentsOf.set(metrics, instruments)
  const count: CountAnswer = (request, status) => {
    const route = request.routeOptions.url ?? 'none'
    const { method, arrivedAtMs } = request
    instruments.answers.inc({ listener, method, route, status: String(status), code: request.refusedWith ?? 'OK' })
    if (arrivedAtMs !== undefined)
      instruments.seconds.observe({ listener, method, route }, (performance.now() - arrivedAtMs) / 1000)
  }
  app.decorateRequest('arrivedAtMs', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAtMs = performance.now()
    done()
  })
  // Not onResponse: waiting for the end of an answer costs a push more than counting it, and answers are short.
  // oxlint-disable-next-line max-params -- Fastify's own signature
  app.addHook('onSend', (request, reply, payload, done) => {
    count(request, reply.statusCode)
    done(null, payload)
  })
  return count
}

function createInstruments(metrics: Metrics) {
  return {
    answers: metrics.counter({
      name: 'wxgw_http_answers_total',
      help: 'Answers of the ingress, by route and by the code of the error',
      labels: ['listener', 'method', 'route', 'status', 'code'],
    }),
    seconds: metrics.histogram({
      name: 'wxgw_http_answer_seconds',
      help: 'From the arrival of the headers to the answer',
      labels: ['listener', 'method', 'route'],
      // WeChat closes the connection after 5 s; a token read is answered within 15 s.
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15],
    }),
  }
}
