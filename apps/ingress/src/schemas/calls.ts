// Owns: the schemas of the calls of WeChat's APIs. Documentation only: calls are not validated by them.
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { AuthorizerParams, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['API calls']

const WildcardParams = {
  '*': Type.String({ description: 'the path as WeChat documents it, without the slash at its beginning' }),
}
const WeChatAnswer = Type.Any({ description: "WeChat's own answer: status, content type, bytes" })

const REFUSALS = errors(400, 401, 403, 404, 409, 410, 413, 415, 429, 502, 503, 504)

function call(operationId: string, summary: string) {
  return { tags, operationId, summary, response: { 200: WeChatAnswer, ...REFUSALS } }
}

const ofAccount = {
  params: Type.Object({ ...AuthorizerParams.properties, ...WildcardParams }),
  description:
    "Query and body as WeChat documents the API, without `access_token`: the gateway puts the account's in. In place of the key, a " +
    'stand-in of `proxy_token` may stand there. Errors of the gateway have the header `x-gateway-error`, answers of WeChat never.',
}
const ofComponent = {
  params: Type.Object({ ...PlatformParams.properties, ...WildcardParams }),
  description:
    'As for an account, in the parameter that the API wants; `component_appid` is added to the query where it belongs there.',
}

export const callSchemas = {
  account: {
    GET: { ...call('getAccountApi', "An API of WeChat's, with an account's token"), ...ofAccount },
    POST: { ...call('postAccountApi', "An API of WeChat's, with an account's token"), ...ofAccount },
  },
  component: {
    GET: { ...call('getComponentApi', "An API of WeChat's, with the component's token"), ...ofComponent },
    POST: { ...call('postComponentApi', "An API of WeChat's, with the component's token"), ...ofComponent },
  },
  standIn: {
    tags,
    operationId: 'getStandInToken',
    summary:
      'A stand-in for SDKs that insist on an access token: worth something only here, for this caller and this account',
    params: AuthorizerParams,
    querystring: Type.Object({}, closed),
    response: {
      200: Type.Object({
        token: Type.String({ maxLength: 512 }),
        expires_in: Type.Integer({ minimum: 1, maximum: 7200, description: 'remaining seconds' }),
        expiresAt: Type.String(),
      }),
      ...errors(400, 401, 403, 404),
    },
  },
  clearQuota: {
    tags,
    operationId: 'clearQuotaBySecret',
    summary:
      "Clears the quotas of the component, or of one account, by the component's secret; WeChat allows ten a month",
    params: PlatformParams,
    querystring: Type.Object({}, closed),
    body: Type.Object(
      { appid: Type.Optional(Type.String({ maxLength: 18, description: 'of an authorizer' })) },
      closed,
    ),
    response: { 200: WeChatAnswer, ...errors(400, 401, 403, 404, 413, 415, 429, 502, 504) },
  },
}
