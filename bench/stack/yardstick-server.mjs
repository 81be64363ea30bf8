// Owns: the yardstick of rows: plain Fastify, without checks and without Redis. POST answers the body; GET /token
// answers a token from memory. Run as a process of its own.
import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'

const [port, key = ''] = process.argv.slice(2)
const digest = createHash('sha256').update(key).digest()
const app = Fastify({ logger: false })

app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/*', async (request, reply) => reply.type('text/xml').send(request.body))
app.get(
  '/token',
  {
    schema: {
      response: {
        200: {
          type: 'object',
          properties: { token: { type: 'string' }, expires_in: { type: 'integer' }, expiresAt: { type: 'string' } },
        },
      },
    },
  },
  async (request, reply) => {
    const given = createHash('sha256')
      .update((request.headers.authorization ?? '').replace(/^Bearer /, ''))
      .digest()
    if (!timingSafeEqual(given, digest)) return reply.code(401).send()
    return { token: 'T'.repeat(138), expires_in: 7000, expiresAt: '2026-01-01T00:00:00.000Z' }
  },
)
app.get('/healthz', async () => 'ok')
await app.listen({ port: Number(port), host: '127.0.0.1' })
