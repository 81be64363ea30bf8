// Owns: POST and GET /apis/v1/wx/:platform/:APPID/callback, 消息与事件接收URL.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Arrival, Platform } from '@wxgw/platform'
import { GatewayError, parseAuthorizerMessage } from '@wxgw/wechat-core'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import { pushSchemas } from '../schemas/pushes.ts'
import type { GatewayServer } from '../server.ts'
import { messageEvent } from './message-event.ts'
import type { PassiveReplies, ReleaseCheck, ReplyWanted } from './passive-answers.ts'
import { answerText, madeAt, openPush, SUCCESS, type PushDeps } from './push-context.ts'
import { createPushTurns } from './push-turns.ts'
import { createStoreBudget } from './store-budget.ts'
import { echoOf } from './url-check.ts'

type Deps = PushDeps & { passiveReplies?: PassiveReplies | undefined; releaseCheck?: ReleaseCheck | undefined }

/** @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html */
export function authorizerMessageRoute(scope: GatewayServer, deps: Deps): void {
  const { platforms, log, clock, passiveReplies, releaseCheck } = deps
  const nextTurn = createPushTurns(clock)

  scope.post('/apis/v1/wx/:platform/:APPID/callback', { schema: pushSchemas.authorizerMessage }, async (request, reply) => {
    const receivedAtMs = await nextTurn()
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const opened = openPush(deps, { request, platform, query: request.query, nowMs: receivedAtMs })
    const message = parseAuthorizerMessage(opened.plaintext, receivedAtMs)
    const within = createStoreBudget(clock, receivedAtMs)
    if (message.kind === 'message' && message.toUserName !== '') {
      const { toUserName } = message
      // Nothing is waited for that is known: each turn of the event loop that a push takes part in costs it.
      const known = platform.authorizers.knownOwnerOfUserName(toUserName)
      const owner = known ? known.appId : await within(() => platform.authorizers.ownerOfUserName(toUserName))
      // The signature does not cover the path: whoever holds a push of one authorizer could post it to another's URL.
      if (owner !== undefined && owner !== appId) {
        log.warn({ platform: platform.id, appid: appId, owner }, 'push.misdirected')
        throw new GatewayError('APPID_MISMATCH', 'the message belongs to another authorizer')
      }
    }
    const event = messageEvent(message, { platform: platform.id, appId, receivedAtMs })
    const about = () => ({ platform: platform.id, appid: appId, eventId: event.id, type: event.type })
    const made = madeAt(message.kind === 'message' ? message.createTimeSeconds : undefined)
    const arrival = { receivedAtMs, made, within }
    const enqueue = enqueueOnce(platform, event, arrival)
    const push = message.kind === 'message' ? { platform, appId, opened, message, event, ...arrival, enqueue } : undefined
    const forCheck = push && releaseCheck?.answer(push)
    if (forCheck !== undefined) {
      const checked = await forCheck
      log.info({ ...about(), outcome: 'release check' }, 'push.received')
      return answerText(reply, checked)
    }
    const awaited = push && passiveReplies?.answer(push)
    const answer = awaited && (await awaited)
    const outcome = await enqueue()
    if (outcome === 'duplicate') platform.statistics.count('duplicates')
    // At debug: a log line per message costs nearly half of the throughput. The metrics count them.
    const { id: eventId, type } = event
    const answered = answer !== undefined
    log.debug(
      { platform: platform.id, appid: appId, eventId, type, outcome, answered, durationMs: clock.nowMs() - receivedAtMs },
      'push.received',
    )
    return answerText(reply, answer ?? SUCCESS)
  })

  scope.get('/apis/v1/wx/:platform/:APPID/callback', { schema: pushSchemas.authorizerUrlCheck }, (request, reply) => {
    const platform = platformOf(platforms, request.params)
    authorizerAppIdOf(platform, request.params)
    answerText(reply, echoOf(deps, platform.pushKeys, request.query))
  })
}

type Enqueue = (reply?: ReplyWanted) => ReturnType<Platform['inbox']['message']>

function enqueueOnce(platform: Platform, event: GatewayEvent, arrival: Arrival): Enqueue {
  let accepted: ReturnType<Enqueue> | undefined
  return (reply) => (accepted ??= platform.inbox.message(event, arrival, reply))
}
