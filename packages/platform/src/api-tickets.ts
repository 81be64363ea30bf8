// Owns: jsapi and wx_card tickets, fetched on demand and shared by all processes, and the JS-SDK signature made with
// them.
import { createHash, randomBytes } from 'node:crypto'
import type { ApiTicketStore, ApiTicketSubject } from '@wxgw/redis'
import {
  type AuthorizerApi,
  type AuthorizerTokens,
  type Clock,
  createTokenKeeper,
  describeFailure,
  failureError,
  GatewayError,
  parseAuthorizerAppId,
} from '@wxgw/wechat-core'
import { callWithAccessToken } from './call-with-access-token.ts'
import type { ApiTickets } from './platform.ts'

type ApiTicketsDeps = {
  store: ApiTicketStore
  api: Pick<AuthorizerApi, 'getTicket'>
  authorizerTokens: Pick<AuthorizerTokens, 'get' | 'reportInvalid'>
  forceMinIntervalMs: number
  clock: Clock
}

export function createApiTickets(deps: ApiTicketsDeps): ApiTickets {
  const { store, api, authorizerTokens } = deps
  const keeper = createTokenKeeper<ApiTicketSubject, undefined>({
    store,
    describeFailure,
    failureError,
    forceMinIntervalMs: deps.forceMinIntervalMs,
    async refresh({ subject, owner, fence, signal }) {
      const { type, appId } = parseSubject(subject)
      const startedAtMs = performance.now()
      const issued = await callWithAccessToken(authorizerTokens, appId, (token) =>
        api.getTicket(token, type, { signal }),
      )
      return store.commit(subject, {
        owner,
        fence,
        ticket: issued.ticket,
        lifetimeSeconds: issued.expiresInSeconds,
        elapsedMs: Math.round(performance.now() - startedAtMs),
      })
    },
  })

  const get: ApiTickets['get'] = async (appId, type) => {
    // Throws for an authorizer that is unknown, revoked or without a token: it gets no ticket.
    await authorizerTokens.get(appId)
    return keeper.get(`${type}:${appId}`)
  }

  return {
    get,
    async jsSdkConfig(appId, url) {
      const { token: ticket } = await get(appId, 'jsapi')
      const timestamp = Math.floor(deps.clock.nowMs() / 1000)
      const nonceStr = randomBytes(12).toString('hex')
      const [page = ''] = url.split('#', 1)
      const signed = `jsapi_ticket=${ticket.reveal()}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${page}`
      return { appId, timestamp, nonceStr, signature: createHash('sha1').update(signed).digest('hex') }
    },
  }
}

function parseSubject(subject: ApiTicketSubject) {
  const separator = subject.indexOf(':')
  const type = subject.slice(0, separator)
  const appId = parseAuthorizerAppId(subject.slice(separator + 1))
  if (!appId || (type !== 'jsapi' && type !== 'wx_card'))
    throw new GatewayError('INTERNAL', 'not the subject of an API ticket')
  return { type, appId } as const
}
