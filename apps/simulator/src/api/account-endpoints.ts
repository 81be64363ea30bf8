// Owns: the APIs that services call most: template and subscribe messages, menu, users, options. They store menus and
// options, and refuse what WeChat documents as refused.
import { type AdmittedCall, type Endpoint, textIn } from './endpoint.ts'
import { ApiError } from './api-error.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const MAX_BUTTONS = 3
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  location_report: ['0', '1', '2'],
  voice_recognize: ['0', '1'],
  customer_service: ['0', '1'],
}

/** After https://developers.weixin.qq.com/doc/service/api/, as of 2026-11-29. */
export function accountEndpoints(): Endpoint[] {
  const menus = new Map<string, unknown>()
  const options = new Map<string, string>()
  let messages = 0
  const ofAccount = { token: 'authorizer', namesComponent: false } as const

  function checkReceiver(body: AdmittedCall['body']): void {
    if (textIn(body, 'touser') === '') throw new ApiError(40003)
    if (textIn(body, 'template_id') === '') throw new ApiError(40037)
    if (typeof body['data'] !== 'object') throw new ApiError(47001)
  }

  function optionName(body: AdmittedCall['body']): string {
    const name = textIn(body, 'option_name')
    if (!(name in OPTIONS)) throw new ApiError(61012)
    return name
  }

  const optionEndpoints = (prefix: string, access: Pick<Endpoint, 'token' | 'namesComponent'>): Endpoint[] => {
    const ownerOf = ({ appId, body }: AdmittedCall) => textIn(body, 'authorizer_appid') || appId
    return [
      {
        ...access,
        api: `${prefix}get_authorizer_option`,
        path: `/cgi-bin/component/${prefix}get_authorizer_option`,
        method: 'POST',
        run: (call) => {
          const name = optionName(call.body)
          return { ...ok, option_name: name, option_value: options.get(`${ownerOf(call)} ${name}`) ?? '0' }
        },
      },
      {
        ...access,
        api: `${prefix}set_authorizer_option`,
        path: `/cgi-bin/component/${prefix}set_authorizer_option`,
        method: 'POST',
        run: (call) => {
          const [name, value] = [optionName(call.body), textIn(call.body, 'option_value')]
          if (!OPTIONS[name]?.includes(value)) throw new ApiError(61013)
          options.set(`${ownerOf(call)} ${name}`, value)
          return ok
        },
      },
    ]
  }

  return [
    {
      ...ofAccount,
      api: 'message/template/send',
      path: '/cgi-bin/message/template/send',
      method: 'POST',
      run: ({ body }) => {
        checkReceiver(body)
        messages += 1
        return { ...ok, msgid: 200_228_332 + messages }
      },
    },
    {
      ...ofAccount,
      api: 'message/subscribe/send',
      path: '/cgi-bin/message/subscribe/send',
      method: 'POST',
      run: ({ body }) => {
        checkReceiver(body)
        return ok
      },
    },
    {
      ...ofAccount,
      api: 'menu/create',
      path: '/cgi-bin/menu/create',
      method: 'POST',
      run: ({ appId, body }) => {
        const buttons: unknown = body['button']
        if (!Array.isArray(buttons) || buttons.length === 0 || buttons.length > MAX_BUTTONS) throw new ApiError(40016)
        menus.set(appId, { button: buttons })
        return ok
      },
    },
    {
      ...ofAccount,
      api: 'menu/get',
      path: '/cgi-bin/menu/get',
      method: 'GET',
      run: ({ appId }) => {
        if (!menus.has(appId)) throw new ApiError(46003)
        return { menu: menus.get(appId) }
      },
    },
    {
      ...ofAccount,
      api: 'menu/delete',
      path: '/cgi-bin/menu/delete',
      method: 'GET',
      run: ({ appId }) => {
        menus.delete(appId)
        return ok
      },
    },
    {
      ...ofAccount,
      api: 'user/info',
      path: '/cgi-bin/user/info',
      method: 'GET',
      run: ({ query }) => {
        const openid = textIn(query, 'openid')
        if (openid === '') throw new ApiError(40003)
        return {
          subscribe: 1,
          openid,
          language: textIn(query, 'lang') || 'zh_CN',
          subscribe_time: 1_434_093_047,
          remark: '',
          tagid_list: [],
        }
      },
    },
    ...optionEndpoints('api_', { token: 'component', namesComponent: true }),
    ...optionEndpoints('', ofAccount),
  ]
}
