// Owns: POST component/clear_quota of the internal listener: clears quotas by the component's secret, when even the
// component's token cannot be fetched. WeChat allows ten a month.
import type { Platform } from '@wxgw/platform'
import { COMPONENT_SUBJECT, GatewayError, parseAuthorizerAppId, Stop } from '@wxgw/wechat-core'
import { callerOf, requireGrant } from '../auth/authenticate.ts'
import { emptyBodyAllowed } from '../http/json-body.ts'
import { whenOver } from '../http/request-over.ts'
import { platformOf } from '../platform-lookup.ts'
import { callSchemas } from '../schemas/calls.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import { addedHeaders, answerHeaders } from './answer-headers.ts'
import { callOnce } from './call-once.ts'
import type { CallDeps } from './call-routes.ts'
import { CLIENT_GONE } from './request-body.ts'
import { sendAnswer } from './send-answer.ts'
import { createTokenMask } from './token-mask.ts'

export type QuotaPlatform = Pick<Platform, 'apiBrakes' | 'quotaClearing'>

type Deps = Pick<CallDeps, 'calls' | 'slots' | 'brake' | 'countAnswer'> & {
  platforms: ReadonlyMap<string, QuotaPlatform>
}

export function quotaClearingRoute(app: GatewayServer, { platforms, calls, slots, brake, countAnswer }: Deps): void {
  const onRequest = requireGrant({ action: 'component_api:call', wholePlatform: true })
  const options = { schema: callSchemas.clearQuota, onRequest, preValidation: emptyBodyAllowed }

  app.post(`${PREFIX}/component/clear_quota`, options, async (request, reply) => {
    const platform = platformOf(platforms, request.params)
    const { appid } = request.body
    const appId = appid === undefined ? undefined : parseAuthorizerAppId(appid)
    if (appid !== undefined && appId === undefined)
      throw new GatewayError('INVALID_REQUEST', 'the body does not hold a valid appid')
    const gone = new Stop()
    const release = slots.take(callerOf(request))
    whenOver(request.raw, reply.raw, () => {
      release()
      gone.abort(CLIENT_GONE)
    })
    const { path, body, secret } = platform.quotaClearing(appId)
    const answer = await callOnce({
      calls,
      call: { method: 'POST', path, contentType: 'application/json', body },
      secret,
      gone,
    })
    const { head, body: bytes, rest } = answer
    const { status } = head
    if (status === 200 && answer.errcode === undefined)
      await brake.liftAll(platform.apiBrakes, appId ?? COMPONENT_SUBJECT)
    const headers = [...answerHeaders(head, secret.reveal()), ...addedHeaders(answer, { attempts: 1 })]
    countAnswer(request, status)
    const mask = createTokenMask(secret.reveal())
    sendAnswer(request, reply, { status, headers, length: head.headers.get('content-length'), body: bytes, rest, mask })
  })
}
