// Owns: what a reader of tokens has to do, over HTTP and as the read-only user of Redis, and a caller with a stand-in.
import type { Test } from 'tap'
import { API_KEY, type Gateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { runProgram } from './programs.ts'
import { APP, createConsumer, type Stage } from './stage.ts'

/** A token for them to read. */
export async function authorizeAccount({ simulator, call }: Gateway): Promise<void> {
  simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
  await simulator.pushTicket()
  await simulator.authorize(APP)
  await until('the account has a token', async () => (await call('GET', `/access_token/${APP}`)).body.token)
}

export async function readsTokens(t: Test, stage: Stage): Promise<void> {
  const { gateway, folder, language } = stage
  const token = gateway.simulator.currentAccessToken(APP)
  const overHttp = { GATEWAY: `${gateway.internalUrl}/apis/v1/wx/open1`, GATEWAY_KEY: API_KEY }
  const fromRedis = await createConsumer(stage, 'token-reader')
  const ask = (...args: string[]) => runProgram(t, { language, kind: 'access-token', folder, env: overHttp, args })
  const read = (...args: string[]) => runProgram(t, { language, kind: 'redis-token', folder, env: fromRedis, args })
  const [current, held, unknown, stored, none] = await Promise.all([
    ask(APP),
    ask(APP, 'a-token-that-was-refused'),
    ask('wx00000000000000ff'),
    read(APP),
    read('wx00000000000000ff'),
  ])
  t.same(current, { code: 0, output: token })
  t.same(held, { code: 0, output: token }, 'the one that holds now')
  t.match(unknown.output, 'AUTHORIZER_NOT_FOUND', 'the code is told')
  t.not(unknown.code, 0)
  t.same(stored, { code: 0, output: token })
  t.match(none, { code: 0, output: /^(null|none|None)$/ })
}

export async function callsWithStandIn(t: Test, { gateway, folder, language }: Stage): Promise<void> {
  const env = { GATEWAY: `${gateway.internalUrl}/apis/v1/wx/open1`, GATEWAY_KEY: API_KEY }
  const call = (appId: string) => runProgram(t, { language, kind: 'stand-in', folder, env, args: [appId, 'oUSER'] })
  const [answered, refused] = await Promise.all([call(APP), call('wx00000000000000ff')])
  t.match(answered, { code: 0, output: /"openid":\s*"oUSER"/ })
  t.match(refused.output, 'AUTHORIZER_NOT_FOUND', "the gateway's own refusal is told from an answer of WeChat's")
  t.not(refused.code, 0)
}
