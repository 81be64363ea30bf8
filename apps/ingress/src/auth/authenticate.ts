// Owns: the hooks of the internal routes that authenticate the caller (401) and check its rights (403). They run before
// the body is read and before anything is looked up, so that a refusal does not show what exists.
import { GatewayError } from '@wxgw/wechat-core'
import type { Action, CallerConfig } from '@wxgw/runtime'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { GatewayServer } from '../server.ts'
import type { ConsoleSessions } from '../console/sessions.ts'
import { createCallers } from './callers.ts'
import { grantedAuthorizers, isGranted } from './grants.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: CallerConfig | undefined
    /** The action that the route needed, for the audit line. */
    neededAction: Action | undefined
    /** The caller authenticated by a session of the console, not by its key. */
    bySession: boolean
  }
}

type Deps = { callers: readonly CallerConfig[]; sessions: ConsoleSessions | undefined }

/** Every route of this scope requires a key, or a session of the console with its CSRF token. */
export function authenticate(scope: GatewayServer, { callers, sessions }: Deps): void {
  const known = createCallers(callers)
  decorateCalls(scope)
  scope.addHook('onRequest', (request, reply, done) => {
    const headers = authorizationHeaders(request)
    request.caller = known.find(headers)
    if (request.caller) {
      done()
      return
    }
    // A wrong key is refused, even with a valid cookie.
    if (sessions === undefined || headers.length > 0 || request.headers.cookie === undefined) {
      done(unauthenticated(request, reply))
      return
    }
    sessions.prove(request).then((session) => {
      if (session === undefined) {
        done(unauthenticated(request, reply))
        return
      }
      request.caller = session.caller
      request.bySession = true
      sessions.renew(request, reply, session)
      done()
    }, done)
  })
}

/** Adds the decorations that routes with a caller need. */
export function decorateCalls(scope: GatewayServer): void {
  scope.decorateRequest('caller', undefined)
  scope.decorateRequest('neededAction', undefined)
  scope.decorateRequest('bySession', false)
  scope.decorateRequest('showsContent', false)
}

function unauthenticated(request: FastifyRequest, reply: FastifyReply): GatewayError {
  challenge(request, reply)
  return new GatewayError('UNAUTHENTICATED', 'a valid key is needed: Authorization: Bearer KEY')
}

type Access = {
  action?: Action
  /** The route is about the whole platform: grants that are narrowed to authorizers do not reach it. */
  wholePlatform?: boolean
}

/**
 * Route hook: FORBIDDEN unless the caller has this right on the platform, and on the authorizer that the path names.
 */
export function requireGrant({ action, wholePlatform = false }: Access = {}): onRequestHookHandler {
  return (request, _reply, done) => {
    request.neededAction = action
    const { platform, APPID } = pathOf(request)
    const caller = callerOf(request)
    const granted = isGranted(caller, { platform, action, authorizer: APPID })
    const wideEnough = !wholePlatform || grantedAuthorizers(caller, { platform, action }) === undefined
    done(granted && wideEnough ? undefined : forbidden())
  }
}

/** As requireGrant; one of the actions is enough. */
export function requireOneOf(actions: readonly Action[]): onRequestHookHandler {
  return (request, _reply, done) => {
    const { platform, APPID } = pathOf(request)
    const found = actions.find((action) => isGranted(callerOf(request), { platform, action, authorizer: APPID }))
    request.neededAction = found ?? actions[0]
    done(found === undefined ? forbidden() : undefined)
  }
}

/** Throws FORBIDDEN unless the caller has this right on the authorizer; without one, the right must not be narrowed. */
export function assertGranted(request: FastifyRequest, action: Action, authorizer: string | undefined): void {
  const { platform } = pathOf(request)
  const only = grantedAuthorizers(callerOf(request), { platform, action })
  const granted = isGranted(callerOf(request), { platform, action, authorizer })
  if (!granted || (authorizer === undefined && only !== undefined)) throw forbidden()
}

/** undefined = all. */
export function visibleAuthorizers(request: FastifyRequest, action: Action): readonly string[] | undefined {
  return grantedAuthorizers(callerOf(request), { platform: pathOf(request).platform, action })
}

export function mayDo(request: FastifyRequest, action: Action, authorizer: string): boolean {
  return isGranted(callerOf(request), { platform: pathOf(request).platform, action, authorizer })
}

/** A subscription that this request creates counts against the `maxSubscriptions` of this caller. */
export function creatorOf(request: FastifyRequest): { name: string; maxSubscriptions: number } {
  const { name, maxSubscriptions } = callerOf(request)
  return { name, maxSubscriptions }
}

export function forbidden(): GatewayError {
  return new GatewayError('FORBIDDEN', 'this key has no right to this')
}

/** The caller of a request that has passed `authenticate`. */
export function callerOf({ caller }: FastifyRequest): CallerConfig {
  if (!caller) throw new GatewayError('UNAUTHENTICATED', 'a valid key is needed: Authorization: Bearer KEY')
  return caller
}

function pathOf({ params }: FastifyRequest): { platform: string; APPID: string | undefined } {
  const path = params as { platform?: string; APPID?: string }
  return { platform: path.platform ?? '', APPID: path.APPID }
}

/** All values: Node's `headers` keeps only the first. */
export function authorizationHeaders(request: FastifyRequest): string[] {
  return headersNamed('authorization', request)
}

function headersNamed(name: string, { raw }: FastifyRequest): string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < raw.rawHeaders.length; index += 2) {
    const [header, value] = [raw.rawHeaders[index], raw.rawHeaders[index + 1]]
    if (header?.length === name.length && header.toLowerCase() === name && value !== undefined) values.push(value)
  }
  return values
}

/** @see https://www.rfc-editor.org/rfc/rfc6750#section-3 */
export function challenge(request: FastifyRequest, reply: FastifyReply): void {
  const wrongKey = request.headers.authorization !== undefined
  reply.header('www-authenticate', `Bearer realm="gateway"${wrongKey ? ', error="invalid_token"' : ''}`)
}
