// Owns: the calls that are made in the name of an authorizer, with its access token.
import { confirmed, issued, lifetimeSeconds } from './answer.ts'
import { type Closable, callWeChat } from './call.ts'
import { createHttp, type HttpOptions } from './http.ts'
import type { AuthorizerApi } from './apis.ts'

/** Sent once, bounded and refused like the calls of createComponentApi. */
export function createAuthorizerApi(options: HttpOptions): AuthorizerApi & Closable {
  const http = createHttp(options)

  return {
    close: http.close,

    /** @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html */
    async getTicket(accessToken, type, callOptions) {
      const query = { access_token: accessToken, type }
      const answer = await callWeChat(
        http,
        { api: 'ticket/getticket', path: '/cgi-bin/ticket/getticket', query },
        callOptions,
      )
      return { ticket: issued(answer, 'ticket'), expiresInSeconds: lifetimeSeconds(answer) }
    },

    /**
     * Not to be repeated after WeChatTransportError unless a message that arrives twice is acceptable.
     * @see https://developers.weixin.qq.com/doc/subscription/api/customer/message/api_sendcustommessage.html
     */
    async sendCustomMessage(accessToken, message, callOptions) {
      const call = {
        api: 'message/custom/send',
        path: '/cgi-bin/message/custom/send',
        query: { access_token: accessToken },
        body: message,
      }
      confirmed(await callWeChat(http, call, callOptions))
    },
  }
}
