// Owns: counting each push that was answered, for the platform's statistics: in memory, a refused one costs no Redis command.
import type { Platforms } from '../platform-lookup.ts'
import type { GatewayServer } from '../server.ts'

/** For the push routes, which all routes of this scope are. Not 5xx: what we could not take is no refusal. */
export function countPushes(scope: GatewayServer, platforms: Platforms): void {
  scope.addHook<unknown, { Params: { platform: string } }>('onSend', (request, reply, payload, done) => {
    if (request.method === 'POST') {
      const statistics = platforms.get(request.params.platform)?.statistics
      if (reply.statusCode === 200) statistics?.count('pushes')
      else if (request.refusedWith !== undefined && reply.statusCode < 500) statistics?.refused(request.refusedWith, request.ip)
    }
    done(null, payload)
  })
}
