// Owns: counting answered pushes for the platform's statistics, in memory: a refused push costs no Redis command.
import type { Statistics } from '@wxgw/platform'
import type { GatewayServer } from '../server.ts'

export type CountingPlatform = { statistics: Pick<Statistics, 'count' | 'refused'> }

/** Adds the count to every route of the scope: all of them take pushes. A 5xx is not counted as a refusal. */
export function countPushes(scope: GatewayServer, platforms: ReadonlyMap<string, CountingPlatform>): void {
  // oxlint-disable-next-line max-params -- Fastify's own signature
  scope.addHook<unknown, { Params: { platform: string } }>('onSend', (request, reply, payload, done) => {
    if (request.method === 'POST') {
      const statistics = platforms.get(request.params.platform)?.statistics
      if (reply.statusCode === 200) statistics?.count('pushes')
      else if (request.refusedWith !== undefined && reply.statusCode < 500)
        statistics?.refused(request.refusedWith, request.ip)
    }
    done(null, payload)
  })
}
