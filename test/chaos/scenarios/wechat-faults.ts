// Owns: WeChat's API at its worst, one fault after the other, while pushes go on and tokens are read.
import { setTimeout as delay } from 'node:timers/promises'
import type { FaultPlan } from '@wxgw/simulator'
import { until } from '../../helpers/until.ts'
import { AUTHORIZER } from '../pusher.ts'
import { type Scenario, SLOWEST_ANSWER_MS, underLoad } from '../scenario.ts'

const FAULTS: Record<string, FaultPlan> = {
  slow: { delayMs: 60_000 },
  dripping: { drip: { everyMs: 500 } },
  'status 500': { status: 500, body: 'oops' },
  'status 502 in HTML': { status: 502, body: '<html><body>Bad Gateway</body></html>', contentType: 'text/html' },
  'HTML with 200': { body: '<!doctype html><title>maintenance</title>', contentType: 'text/html' },
  'nothing with 200': { body: '' },
  'errcode -1': { errcode: -1, errmsg: 'system error' },
  'errcode 45009': { errcode: 45009, errmsg: 'reach max api daily quota limit' },
  reset: { resetBefore: true },
}

/** The contract's bound on every token read. */
const TOKEN_WITHIN_MS = 15_000

export const wechatFaults: Scenario = {
  name: 'wechat-faults',
  about:
    'WeChat slow, dripping, 5xx, HTML, empty, -1, 45009, reset: pushes go on, valid tokens are served, forced ones fail in time',
  run: () =>
    underLoad(
      { slowestMs: SLOWEST_ANSWER_MS, env: { WX_API_TIMEOUT_MS: '2000', FORCE_MIN_INTERVAL_SECONDS: '0' } },
      async (load) => {
        const { gateway, expect, fact } = load
        const path = `/access_token/${AUTHORIZER.appId}`
        let slowest = 0
        for (const [name, plan] of Object.entries(FAULTS)) {
          const fault = gateway.simulator.fault('api_authorizer_token', plan)
          const forced = await gateway.call('GET', `${path}?force=true`)
          slowest = Math.max(slowest, forced.ms)
          expect([200, 502, 504].includes(forced.status), `${name}: a forced refresh is answered ${forced.status}`)
          const plain = await gateway.call('GET', path)
          expect(plain.status === 200, `${name}: a valid token is answered ${plain.status}`)
          expect(
            gateway.simulator.isValidAccessToken(AUTHORIZER.appId, String(plain.body['token'])),
            `${name}: the token is not valid`,
          )
          fault.remove()
          // Failures are remembered for a second.
          await delay(1_100)
        }
        gateway.simulator.clearFaults()
        await until(
          'a forced refresh works again',
          async () => (await gateway.call('GET', `${path}?force=true`)).status === 200,
          { everyMs: 200 },
        )
        fact('slowestForcedMs', slowest)
        expect(slowest <= TOKEN_WITHIN_MS, `a forced refresh took ${slowest} ms`)
      },
    ),
}
