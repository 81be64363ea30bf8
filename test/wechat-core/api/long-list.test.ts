// A full page of WeChat's list of authorizers is the longest answer there is: 500 refresh tokens.
import { WeChatTransportError } from '@wxgw/wechat-core'
import t from 'tap'
import { componentApi, failure, sent } from './fixtures.ts'
import { startWeChatServer } from './wechat-server.ts'

function page(tokenLength: number) {
  const list = Array.from({ length: 500 }, (_, index) => ({
    authorizer_appid: `wx${index.toString(16).padStart(16, '0')}`,
    refresh_token: 'r'.repeat(tokenLength),
    auth_time: 1_700_000_000,
  }))
  return { total_count: 500, list }
}

void t.test('a page of 500 authorizers with long refresh tokens is read', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply(page(1_500))
  const { items } = await componentApi(t, wechat).getAuthorizerList(sent.componentToken, { offset: 0, count: 500 })
  t.equal(items.length, 500)
  t.ok(items.every(({ refreshToken }) => refreshToken?.reveal().length === 1_500))
})

void t.test('one over 1 MiB is not', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply(page(2_200))
  const error = await failure(componentApi(t, wechat).getAuthorizerList(sent.componentToken, { offset: 0, count: 500 }))
  t.ok(error instanceof WeChatTransportError)
})
