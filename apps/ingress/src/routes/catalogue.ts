// Owns: GET /catalogue: the catalogue of WeChat's permission sets, events, APIs and errcodes. It is the same for every
// caller, and changes only with the gateway's version.
import { catalogue } from '@wxgw/catalogue'
import { createHash } from 'node:crypto'
import { catalogueSchemas } from '../schemas/catalogue.ts'
import type { GatewayServer } from '../server.ts'

export function catalogueRoute(app: GatewayServer): void {
  const text = JSON.stringify(catalogue)
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`

  app.get('/catalogue', { schema: catalogueSchemas.read }, async (request, reply) => {
    void reply.header('etag', etag).header('cache-control', 'private, no-cache')
    if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined)
    // Serialized once, not at each request.
    return reply
      .type('application/json; charset=utf-8')
      .serializer(() => text)
      .send(catalogue)
  })
}

/** Weak comparison, as If-None-Match wants. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
