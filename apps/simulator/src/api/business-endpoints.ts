// Owns: the APIs of JS-SDK tickets, customer service messages, and WeChat's address lists.
import type { Settings } from '../settings.ts'
import type { CustomerService } from './customer-service.ts'
import { type Endpoint, textIn } from './endpoint.ts'
import { newJsTicket } from '../ledger/opaque-values.ts'
import { ApiError } from './api-error.ts'

type Deps = { settings: () => Settings; customerService: CustomerService }

export function businessEndpoints({ settings, customerService }: Deps): Endpoint[] {
  return [
    {
      api: 'ticket/getticket',
      path: '/cgi-bin/ticket/getticket',
      method: 'GET',
      token: 'authorizer',
      namesComponent: false,
      run: ({ query }) => {
        const type = textIn(query, 'type')
        if (type !== 'jsapi' && type !== 'wx_card') throw new ApiError(40097)
        return { errcode: 0, errmsg: 'ok', ticket: newJsTicket(), expires_in: settings().tokenLifetimeSeconds }
      },
    },
    {
      api: 'message/custom/send',
      path: '/cgi-bin/message/custom/send',
      method: 'POST',
      token: 'authorizer',
      namesComponent: false,
      run: ({ appId, body }) => {
        customerService.send(appId, { ...body })
        return { errcode: 0, errmsg: 'ok' }
      },
    },
    {
      api: 'getcallbackip',
      path: '/cgi-bin/getcallbackip',
      method: 'GET',
      token: 'either',
      namesComponent: false,
      run: () => ({ ip_list: ['127.0.0.1', '::1'] }),
    },
    {
      api: 'get_api_domain_ip',
      path: '/cgi-bin/get_api_domain_ip',
      method: 'GET',
      token: 'either',
      namesComponent: false,
      run: () => ({ ip_list: ['127.0.0.1'] }),
    },
  ]
}
