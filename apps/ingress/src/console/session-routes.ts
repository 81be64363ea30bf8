// Owns: POST, GET and DELETE /console/session of the internal listener.
import { type Config, clientOf, type Grant } from '@wxgw/runtime'
import { type Clock, GatewayError } from '@wxgw/wechat-core'
import { challenge, forbidden } from '../auth/authenticate.ts'
import { createCallers } from '../auth/callers.ts'
import { isGranted } from '../auth/grants.ts'
import { consoleSchemas } from '../schemas/console.ts'
import type { GatewayServer } from '../server.ts'
import { type ConsoleSession, type ConsoleSessions, mayUseConsole } from './sessions.ts'
import { createSignInLimits } from './sign-in-limits.ts'

type Deps = {
  config: Pick<Config, 'callers'>
  platforms: ReadonlyMap<string, unknown>
  sessions: ConsoleSessions
  clock: Clock
}

const PATH = '/console/session'

export function consoleSessionRoutes(scope: GatewayServer, { config, platforms, sessions, clock }: Deps): void {
  const callers = createCallers(config.callers)
  const limits = createSignInLimits(clock)

  function view(session: ConsoleSession) {
    const { caller } = session
    const granted = [...platforms.keys()].filter((platform) => isGranted(caller, { platform, action: undefined }))
    return {
      caller: caller.name,
      platforms: granted,
      grants: caller.grants?.map(grantView) ?? null,
      csrfToken: sessions.csrfToken(session),
    }
  }

  scope.post(PATH, { schema: consoleSchemas.signIn }, (request, reply) => {
    const address = clientOf(request.ips ?? [request.ip])
    limits.check(address)
    const caller = callers.findByKey(request.body.key)
    if (caller === undefined) {
      limits.wrongKey(address)
      throw new GatewayError('UNAUTHENTICATED', 'this key is not known')
    }
    request.caller = caller
    if (!mayUseConsole(caller)) throw forbidden()
    return view(sessions.begin(request, reply, caller))
  })

  // Needs no CSRF token, because it returns it. No other origin can read the answer.
  scope.get(PATH, { schema: consoleSchemas.session, config: { servesWithoutStore: true } }, async (request, reply) => {
    const session = await sessions.find(request)
    if (session === undefined) throw signedOut()
    request.caller = session.caller
    sessions.renew(request, reply, session)
    return view(session)
  })

  scope.delete(PATH, { schema: consoleSchemas.signOut }, async (request, reply) => {
    const session = await sessions.prove(request)
    if (session === undefined) {
      challenge(request, reply)
      throw signedOut()
    }
    request.caller = session.caller
    await sessions.end(request, reply, session)
    return reply.code(204).send(null)
  })
}

/** A missing member means all. */
function grantView({ platforms, authorizers, actions, apis }: Grant) {
  return {
    ...(platforms === undefined ? {} : { platforms: [...platforms] }),
    ...(authorizers === undefined ? {} : { authorizers: [...authorizers] }),
    ...(actions === undefined ? {} : { actions: [...actions] }),
    ...(apis === undefined ? {} : { apis: [...apis] }),
  }
}

function signedOut(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'there is no session, or it is over')
}
