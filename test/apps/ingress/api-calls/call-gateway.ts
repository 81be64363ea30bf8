// Owns: an internal listener on a real port, over the fake platform and a server in WeChat's place.
import type { Test } from 'tap'
import { createGateway, type Fixture, PREFIX } from '../gateway-fixture.ts'
import { listen } from '../raw-client.ts'
import { startWeChatDouble, type WeChatDouble } from './wechat-double.ts'

export type CallGateway = Fixture & {
  wechat: WeChatDouble
  port: number
  /** After `/apis/v1/wx/open1/`, with the key of the caller with all rights unless `init` has headers. */
  call(path: string, init?: RequestInit): Promise<Response>
}

export async function startCallGateway(
  t: Pick<Test, 'teardown'>,
  options: Parameters<typeof createGateway>[1] = {},
): Promise<CallGateway> {
  const wechat = await startWeChatDouble(t)
  const gateway = createGateway(t, { wechatUrl: wechat.url, ...options })
  const port = await listen(gateway.internalServer)
  const call: CallGateway['call'] = (path, init = {}) =>
    fetch(`http://127.0.0.1:${port}${PREFIX}/${path}`, { redirect: 'manual', headers: gateway.bearer(), ...init })
  // Not spread: that would make the public listener, too.
  return Object.assign(gateway, { wechat, port, call })
}
