// Owns: calls through an HTTP CONNECT proxy.
import { Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { selfSigned } from '../../helpers/certificates.ts'
import { startConnectProxy } from '../../helpers/connect-proxy.ts'
import { componentApi, failure } from './fixtures.ts'
import { startWeChatServer } from './wechat-server.ts'

const CREDENTIALS = 'someone:a%20password'

void t.test('calls go through the proxy, with its credentials, and share a connection', async (t) => {
  const proxy = await startConnectProxy(CREDENTIALS)
  t.teardown(() => proxy.close())
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0 })
  const api = componentApi(t, { ...wechat, proxyUrl: new Secret(proxy.url) })
  for (let call = 0; call < 5; call += 1) await api.startPushTicket()
  t.equal(wechat.requests.length, 5)
  t.same(proxy.targets, [new URL(wechat.baseUrl).host])
})

void t.test('behind the proxy a certificate is judged as anywhere', async (t) => {
  const proxy = await startConnectProxy()
  t.teardown(() => proxy.close())
  const wechat = await startWeChatServer(t, selfSigned())
  const error = await failure(componentApi(t, { ...wechat, proxyUrl: new Secret(proxy.url) }).startPushTicket())
  t.match(error, { code: 'WECHAT_API_ERROR', message: /DEPTH_ZERO_SELF_SIGNED_CERT/ })
  t.same(proxy.targets, [new URL(wechat.baseUrl).host])
  t.equal(wechat.requests.length, 0)
})

void t.test('a proxy that refuses, and one that is not there, fail the call and show no credentials', async (t) => {
  const proxy = await startConnectProxy(CREDENTIALS)
  const wechat = await startWeChatServer(t)
  const refused = new Secret(proxy.url.replace(CREDENTIALS, 'someone:else'))
  const first = await failure(componentApi(t, { ...wechat, proxyUrl: refused }).startPushTicket())
  t.match(first, { code: 'WECHAT_API_ERROR', message: /PROXY_REFUSED/ })
  proxy.close()
  const second = await failure(componentApi(t, { ...wechat, proxyUrl: new Secret(proxy.url) }).startPushTicket())
  t.match(second, { code: 'WECHAT_API_ERROR', message: /ECONNREFUSED/ })
  t.notMatch(`${String(first)} ${String(second)}`, /someone/)
})
