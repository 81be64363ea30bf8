// Owns: reading JSON bodies. An empty body counts as none; the route's schema says whether one is required.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayServer } from '../server.ts'

/** A `__proto__` or `constructor.prototype` inside is refused. */
export function acceptJson(app: GatewayServer): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.trim() === '') done(null, undefined)
    else void parseJson(request, body, done)
  })
}

/** Route hook (preValidation) for routes whose fields are all optional: no body is accepted too. */
export function emptyBodyAllowed(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  if (request.body === undefined) request.body = {}
  done()
}
