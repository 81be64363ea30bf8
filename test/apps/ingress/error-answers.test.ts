// Owns: the table from codes to statuses, and that no code is left without one.
import { GatewayError, WeChatApiError, WeChatTransportError, type ErrorCode } from '@wxgw/wechat-core'
import t from 'tap'
import { createGateway, PREFIX } from './gateway-fixture.ts'

const STATUSES: Record<ErrorCode, number> = {
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  API_NOT_ALLOWED: 403,
  WRONG_TOKEN_KIND: 400,
  ROUTE_NOT_FOUND: 404,
  PLATFORM_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  EVENT_NOT_FOUND: 404,
  DEAD_LETTER_NOT_FOUND: 404,
  SYNC_JOB_NOT_FOUND: 404,
  SESSION_NOT_FOUND: 404,
  SESSION_COMPLETED: 409,
  REPLAY_NOT_FOUND: 404,
  REPLAY_ENDED: 409,
  REPLAY_LIMIT: 409,
  SESSION_LIMIT: 409,
  PUBLIC_BASE_URL_MISSING: 503,
  SUBSCRIPTION_LIMIT: 409,
  SUBSCRIPTION_DECLARED: 409,
  EVENT_LOG_OFF: 409,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  STORE_UNAVAILABLE: 503,
  SIGNATURE_MISMATCH: 401,
  TIMESTAMP_OUT_OF_RANGE: 401,
  NOT_ENCRYPTED: 400,
  MALFORMED_PUSH: 400,
  APPID_MISMATCH: 403,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  AUTHORIZATION_CODE_INVALID: 400,
  AUTHORIZER_NOT_FOUND: 404,
  AUTHORIZER_REVOKED: 410,
  REAUTHORIZATION_REQUIRED: 409,
  COMPONENT_TICKET_MISSING: 503,
  WECHAT_API_ERROR: 502,
  WECHAT_API_TIMEOUT: 504,
  REPLY_ALREADY_SENT: 409,
  REPLY_TOO_LATE: 410,
}

void t.test('every code has its status', async (t) => {
  const gateway = createGateway(t)
  for (const [code, status] of Object.entries(STATUSES)) {
    gateway.fake.fail('componentTokens.get', new GatewayError(code as ErrorCode, 'as it is'))
    const answer = await gateway.request(`${PREFIX}/component_access_token`)
    t.equal(answer.statusCode, status, code)
    if (code === 'STORE_UNAVAILABLE' || code === 'COMPONENT_TICKET_MISSING') t.ok(answer.headers['retry-after'], code)
    const { requestId, ...body } = answer.json()
    t.same(body, { statusCode: status, code, error: body.error, message: 'as it is' }, code)
    t.match(requestId, /^[0-9a-f]{12}-[0-9a-z]+$/)
  }
})

void t.test("WeChat's refusal is told, also behind a code of ours; a silent WeChat has none", async (t) => {
  const gateway = createGateway(t)
  const refusal = new WeChatApiError('api_authorizer_token', { errcode: 61023, errmsg: 'refresh_token is invalid' })
  const get = async (error: Error) => {
    gateway.fake.fail('componentTokens.get', error)
    return (await gateway.request(`${PREFIX}/component_access_token`)).json()
  }
  t.match(await get(refusal), { statusCode: 502, errcode: 61023, errmsg: 'refresh_token is invalid' })
  t.match(await get(new GatewayError('REAUTHORIZATION_REQUIRED', 'again', { cause: refusal })), {
    statusCode: 409,
    errcode: 61023,
  })
  const silent = await get(new WeChatTransportError('WECHAT_API_ERROR', 'api_component_token', 'not understood'))
  t.match(silent, { statusCode: 502, code: 'WECHAT_API_ERROR' })
  t.notOk('errcode' in silent)
})

void t.test('whoever knows when to come back is believed', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.fail(
    'componentTokens.get',
    new GatewayError('WECHAT_API_TIMEOUT', 'late', { retry: true, retryAfterSeconds: 0.2 }),
  )
  const answer = await gateway.request(`${PREFIX}/component_access_token`)
  t.equal(answer.headers['retry-after'], '1')
})
