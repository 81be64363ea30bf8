// Owns: the HTTP server for all of WeChat's hosts.
import Fastify, { type FastifyInstance } from 'fastify'
import { apiRoutes, refuseUnreadable } from './api/api-routes.ts'
import { authorizationPages } from './authorization-page/page-routes.ts'
import { consolePage } from './console/console-page.ts'
import { controlRoutes } from './console/control-routes.ts'
import type { World } from './world.ts'

type HttpServer = { url: string; port: number; close(): Promise<void> }

type Deps = { world: World; host: string; port: number; onError: (error: unknown) => void }

export async function startHttpServer({ world, host, port, onError }: Deps): Promise<HttpServer> {
  const app = Fastify({
    logger: false,
    // Closing waits for no request.
    forceCloseConnections: true,
    bodyLimit: 4 * 1024 * 1024,
    ajv: { customOptions: { removeAdditional: false } },
    frameworkErrors: (_error, _request, reply) => void refuseUnreadable(reply, world),
    clientErrorHandler: (_error, socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  })
  await app.register(apiRoutes({ ...world, onError }))
  await app.register(authorizationPages({ ...world, pushes: world.componentPushes, onError }))
  await app.register(controlRoutes(world))
  await app.register(consolePage(world))
  await app.listen({ host, port })
  const listeningPort = portOf(app)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listeningPort}`,
    port: listeningPort,
    close: () => app.close(),
  }
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the simulator listens on no TCP port')
  return address.port
}
