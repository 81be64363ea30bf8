// Owns: the calls made in the name of an authorizer.
import t from 'tap'
import { authorizerApi, failure, sent } from './fixtures.ts'
import { startWeChatServer } from './wechat-server.ts'

void t.test('ticket/getticket is a GET with token and type', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0, errmsg: 'ok', ticket: 'jsapi-ticket', expires_in: 7200 })
  const issued = await authorizerApi(t, wechat).getTicket(sent.accessToken, 'wx_card')
  t.equal(issued.ticket.reveal(), 'jsapi-ticket')
  t.equal(issued.expiresInSeconds, 7200)
  const [request] = wechat.requests
  t.equal(request?.method, 'GET')
  t.equal(request?.path, '/cgi-bin/ticket/getticket')
  t.same(request?.query, { access_token: sent.accessToken.reveal(), type: 'wx_card' })
  t.equal(request?.rawBody, '')
})

void t.test('message/custom/send writes text as raw UTF-8, whatever is in it', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0, errmsg: 'ok' })
  const message = { touser: 'oOPENID', msgtype: 'text', text: { content: '你好 😀 \ud83d "quoted"' } }
  await authorizerApi(t, wechat).sendCustomMessage(sent.accessToken, message)
  const [request] = wechat.requests
  t.equal(request?.method, 'POST')
  t.equal(request?.path, '/cgi-bin/message/custom/send')
  t.same(request?.query, { access_token: sent.accessToken.reveal() })
  t.equal(request?.rawBody, '{"touser":"oOPENID","msgtype":"text","text":{"content":"你好 😀 \ufffd \\"quoted\\""}}')
})

void t.test('a refusal is an error of kind WeChatApiError', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 45015, errmsg: 'response out of time limit' })
  t.match(await failure(authorizerApi(t, wechat).sendCustomMessage(sent.accessToken, {})), {
    name: 'WeChatApiError',
    code: 'WECHAT_API_ERROR',
    api: 'message/custom/send',
    errcode: 45015,
    errmsg: 'response out of time limit',
    retry: false,
  })
})

void t.test('an answer that confirms nothing is no success', async (t) => {
  const wechat = await startWeChatServer(t)
  const api = authorizerApi(t, wechat)
  for (const body of ['{}', '', 'ok', '{"errmsg":"ok"}', '{"errcode":null}']) {
    wechat.reply(body)
    t.match(await failure(api.sendCustomMessage(sent.accessToken, {})), { name: 'WeChatTransportError' }, body)
  }
})
