// Owns: the schemas of the two routes that WeChat pushes to. The body is no JSON and is checked by wechat-core alone.
import { Type } from 'typebox'
import { content, errors } from './errors.ts'
import { AuthorizerParams, PlatformParams } from './paths.ts'

// Open: WeChat adds `openid` and `encrypt_type`, and may add more. Missing ones are a wrong signature, not a wrong
// request.
const PushQuery = openQuery(['timestamp', 'nonce', 'msg_signature', 'encrypt_type', 'openid'])
const UrlCheckQuery = openQuery(['timestamp', 'nonce', 'signature', 'echostr'])

const refusals = errors(400, 401, 403, 404, 413, 415, 503)
const checkRefusals = errors(400, 401, 404)
const success = content('text/plain', Type.String(), 'exactly `success`, after Redis has accepted the event')
const echo = content('text/plain', Type.String(), '`echostr`')
const tags = ['Pushes']

export const pushSchemas = {
  componentEvent: {
    tags,
    operationId: 'receiveComponentEvent',
    summary: '授权事件接收URL: tickets and authorizations, encrypted by WeChat',
    params: PlatformParams,
    querystring: PushQuery,
    response: { 200: success, ...refusals },
  },
  componentUrlCheck: {
    tags,
    operationId: 'checkComponentEventUrl',
    summary: "WeChat's check of the URL",
    params: PlatformParams,
    querystring: UrlCheckQuery,
    response: { 200: echo, ...checkRefusals },
  },
  authorizerMessage: {
    tags,
    operationId: 'receiveAuthorizerMessage',
    summary: '消息与事件接收URL: messages and events of an authorizer, encrypted by WeChat',
    description: 'Answers `success` or the encrypted passive reply.',
    params: AuthorizerParams,
    querystring: PushQuery,
    response: { 200: success, ...refusals },
  },
  authorizerUrlCheck: {
    tags,
    operationId: 'checkAuthorizerMessageUrl',
    summary: "WeChat's check of the URL",
    params: AuthorizerParams,
    querystring: UrlCheckQuery,
    response: { 200: echo, ...checkRefusals },
  },
}

function openQuery(names: readonly string[]) {
  const documented = Object.fromEntries(names.map((name) => [name, Type.Optional(Type.String())]))
  return Type.Unsafe<Record<string, string>>(Type.Object(documented, { additionalProperties: Type.String() }))
}
