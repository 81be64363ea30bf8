// WeChat's servers say that a member is absent by leaving it out, or by null, "", [] or {} in its place. For every member of every
// answer that is read: all five come to the same.
import { Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { authorizerApi, authorizerAppId, componentApi, failure, sent } from './fixtures.ts'
import { startWeChatServer, type WeChatServer } from './wechat-server.ts'

type Json = Record<string, unknown>
type Api = {
  call(apis: {
    component: ReturnType<typeof componentApi>
    authorizer: ReturnType<typeof authorizerApi>
  }): Promise<unknown>
  answer: Json
  /** By path; what is required inside an optional object is listed as required. */
  optional: string[]
  required: string[]
}

const set = { funcscope_category: { id: 1 } }
const tokens = { authorizer_access_token: 'access', expires_in: 7200, authorizer_refresh_token: 'refreshtoken@@@r' }
const confirmation: Pick<Api, 'answer' | 'optional' | 'required'> = {
  answer: { errcode: 0, errmsg: 'ok' },
  optional: ['errmsg'],
  required: ['errcode'],
}

const APIS: Record<string, Api> = {
  api_start_push_ticket: { call: ({ component }) => component.startPushTicket(), ...confirmation },
  'message/custom/send': {
    call: ({ authorizer }) => authorizer.sendCustomMessage(sent.accessToken, {}),
    ...confirmation,
  },
  api_component_token: {
    call: ({ component }) => component.getComponentToken(sent.ticket),
    answer: { errcode: 0, component_access_token: 'token', expires_in: 7200 },
    optional: ['errcode'],
    required: ['component_access_token', 'expires_in'],
  },
  api_create_preauthcode: {
    call: ({ component }) => component.createPreAuthCode(sent.componentToken),
    answer: { errcode: 0, pre_auth_code: 'preauthcode@@@p', expires_in: 1800 },
    optional: ['errcode'],
    required: ['pre_auth_code', 'expires_in'],
  },
  api_query_auth: {
    call: ({ component }) => component.queryAuth(sent.componentToken, sent.code),
    answer: { errcode: 0, authorization_info: { authorizer_appid: authorizerAppId, ...tokens, func_info: [set] } },
    optional: words`
      errcode authorization_info.authorizer_access_token authorization_info.authorizer_refresh_token
      authorization_info.func_info
    `,
    required: ['authorization_info', 'authorization_info.authorizer_appid', 'authorization_info.expires_in'],
  },
  api_authorizer_token: {
    call: ({ component }) =>
      component.refreshAuthorizerToken(sent.componentToken, {
        authorizerAppId,
        authorizerRefreshToken: sent.refreshToken,
      }),
    answer: { errcode: 0, authorizer_appid: authorizerAppId, ...tokens },
    optional: ['errcode', 'authorizer_appid', 'authorizer_refresh_token'],
    required: ['authorizer_access_token', 'expires_in'],
  },
  api_get_authorizer_info: {
    call: ({ component }) => component.getAuthorizerInfo(sent.componentToken, authorizerAppId),
    answer: {
      errcode: 0,
      authorizer_appid: authorizerAppId,
      authorizer_info: {
        authorizer_appid: authorizerAppId,
        nick_name: 'name',
        user_name: 'gh_1',
        principal_name: 'principal',
        head_img: 'https://head.test/0',
        service_type_info: { id: 2 },
        verify_type_info: { id: 0 },
        MiniProgramInfo: { visit_status: 0 },
      },
      authorization_info: {
        authorizer_appid: authorizerAppId,
        authorizer_refresh_token: 'refreshtoken@@@r',
        func_info: [set],
      },
    },
    optional: [
      'errcode',
      'authorizer_appid',
      ...['authorizer_appid', 'nick_name', 'user_name', 'principal_name', 'head_img', 'MiniProgramInfo'].map(
        (name) => `authorizer_info.${name}`,
      ),
      ...['service_type_info', 'service_type_info.id', 'verify_type_info', 'verify_type_info.id'].map(
        (name) => `authorizer_info.${name}`,
      ),
      'authorization_info',
      ...['authorizer_appid', 'authorizer_refresh_token', 'func_info'].map((name) => `authorization_info.${name}`),
    ],
    required: ['authorizer_info'],
  },
  api_get_authorizer_list: {
    call: ({ component }) => component.getAuthorizerList(sent.componentToken, { offset: 0, count: 500 }),
    answer: {
      errcode: 0,
      total_count: 1,
      list: [{ authorizer_appid: authorizerAppId, refresh_token: 'refreshtoken@@@r', auth_time: 1_558_000_607 }],
    },
    optional: ['errcode', 'list.0.refresh_token', 'list.0.auth_time', 'list.0.authorizer_appid'],
    required: ['total_count', 'list'],
  },
  'ticket/getticket': {
    call: ({ authorizer }) => authorizer.getTicket(sent.accessToken, 'jsapi'),
    answer: { errcode: 0, errmsg: 'ok', ticket: 'ticket', expires_in: 7200 },
    optional: ['errcode', 'errmsg'],
    required: ['ticket', 'expires_in'],
  },
}

const LEFT_OUT = Symbol('left out')
const OTHER_WAYS = [null, '', [], {}]

/** A copy of the answer with `value` at the path. */
function withMember(answer: Json, path: string, value: unknown): Json {
  const copy: Json = structuredClone(answer)
  const names = path.split('.')
  const last = names.pop() ?? ''
  const parent = names.reduce<Json>((node, name) => Object(node[name]), copy)
  if (value === LEFT_OUT) delete parent[last]
  else parent[last] = value
  return copy
}

void t.test('a member that is absent in any way is absent', async (suite) => {
  const wechat = await startWeChatServer(suite)
  const apis = { component: componentApi(suite, wechat), authorizer: authorizerApi(suite, wechat) }
  for (const [name, api] of Object.entries(APIS)) {
    await suite.test(name, async (t) => {
      t.notMatch(
        await outcome(wechat, api.answer, () => api.call(apis)),
        { error: Object },
        'the whole answer is understood',
      )
      for (const path of api.optional) {
        const expected = await outcome(wechat, withMember(api.answer, path, LEFT_OUT), () => api.call(apis))
        t.notMatch(expected, { error: Object }, `${path} is optional`)
        await sameInEveryWay(path, expected)
      }
      for (const path of api.required) {
        wechat.reply(withMember(api.answer, path, LEFT_OUT))
        const error = await failure(api.call(apis))
        const member = path.split('.').at(-1)
        t.match(error, { code: 'WECHAT_API_ERROR', message: `${name} answered without sense: ${member}` }, path)
        await sameInEveryWay(path, { error })
      }

      async function sameInEveryWay(path: string, expected: unknown): Promise<void> {
        for (const way of OTHER_WAYS) {
          const found = await outcome(wechat, withMember(api.answer, path, way), () => api.call(apis))
          t.same(shown(found), shown(expected), `${path}: ${JSON.stringify(way)}`)
        }
      }
    })
  }
})

void t.test('a list that is absent in any way is an empty one where nothing is left to list', async (t) => {
  const wechat = await startWeChatServer(t)
  const component = componentApi(t, wechat)
  for (const list of [undefined, ...OTHER_WAYS]) {
    wechat.reply({ total_count: 500, list })
    const page = await component.getAuthorizerList(sent.componentToken, { offset: 500, count: 500 })
    t.same(page, { totalCount: 500, items: [] }, JSON.stringify(list))
  }
})

void t.test('numbers in quotes are numbers, and text of figures alone may come as a number', async (t) => {
  const wechat = await startWeChatServer(t)
  const component = componentApi(t, wechat)
  wechat.reply({ errcode: '0', authorizer_info: { nick_name: 360, service_type_info: { id: '2' } } })
  const { profile } = await component.getAuthorizerInfo(sent.componentToken, authorizerAppId)
  t.match(profile, { nick_name: '360', service_type: 2 })
  wechat.reply({ errcode: '61003' })
  t.match(await failure(component.getAuthorizerInfo(sent.componentToken, authorizerAppId)), { errcode: 61003 })
  wechat.reply({ total_count: '1', list: [{ authorizer_appid: authorizerAppId, auth_time: '1558000607' }] })
  const page = await component.getAuthorizerList(sent.componentToken, { offset: 0, count: 500 })
  t.match(page, { totalCount: 1, items: [{ authTimeSeconds: 1_558_000_607 }] })
})

async function outcome(
  wechat: WeChatServer,
  answer: Json,
  call: () => Promise<unknown>,
): Promise<{ value: unknown } | { error: unknown }> {
  wechat.reply(answer)
  return call().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
}

/** Comparable: secrets by what they hold, errors by what they say. */
function shown(found: unknown): unknown {
  if (found instanceof Secret) return found.reveal()
  if (found instanceof Error) return found.message
  if (Array.isArray(found)) return found.map(shown)
  if (typeof found !== 'object' || found === null) return found
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, shown(value)]))
}
