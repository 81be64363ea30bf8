// Owns: POST and GET /apis/v1/wx/:platform/:APPID/callback, 消息与事件接收URL.
import { parseAuthorizerMessage } from '@wxgw/wechat-core'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import { pushSchemas } from '../schemas/pushes.ts'
import type { GatewayServer } from '../server.ts'
import { messageEvent } from './message-event.ts'
import { createOwnerCheck } from './owner-check.ts'
import type { MessagePlatform, PassiveReplies, PushedMessage, ReleaseCheck, ReplyWanted } from './passive-answers.ts'
import { answerText, madeAt, openPush, SUCCESS, type PushDeps } from './push-context.ts'
import type { PushIntake } from './push-intake.ts'
import { createPushTurns } from './push-turns.ts'
import type { PushOutcome } from './push.ts'
import { createStoreBudget } from './store-budget.ts'
import { echoOf } from './url-check.ts'

type Deps = PushDeps<MessagePlatform> & {
  intake: PushIntake
  /** True: accepts a push while the store of the accounts is unavailable. */
  goesOnWithoutStore: boolean
  passiveReplies?: PassiveReplies | undefined
  releaseCheck?: ReleaseCheck | undefined
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
 */
export function authorizerMessageRoute(scope: GatewayServer, deps: Deps): void {
  const { platforms, intake, passiveReplies, releaseCheck, log, clock } = deps
  const nextTurn = createPushTurns(clock)
  const checkOwner = createOwnerCheck(deps)

  scope.post(
    '/apis/v1/wx/:platform/:APPID/callback',
    { schema: pushSchemas.authorizerMessage },
    async (request, reply) => {
      const receivedAtMs = await nextTurn()
      const platform = platformOf(platforms, request.params)
      const appId = authorizerAppIdOf(platform, request.params)
      const opened = openPush(deps, { request, platform, query: request.query, nowMs: receivedAtMs })
      const message = parseAuthorizerMessage(opened.plaintext, receivedAtMs)
      const within = createStoreBudget(clock, receivedAtMs)
      // Each `await` of something that is known costs a push a promise and a turn of the microtasks.
      const lookedUp = checkOwner({ platform, appId, message, within })
      if (lookedUp !== undefined) await lookedUp

      const event = messageEvent(message, { platform: platform.id, appId, receivedAtMs })
      const made = madeAt(message.kind === 'message' ? message.createTimeSeconds : undefined)
      const enqueue = enqueueOnce({ platform, event, receivedAtMs, made, within, opened })
      // Written out, not spread: see messageEvent.
      const answerable =
        message.kind === 'message'
          ? { platform, appId, event, receivedAtMs, made, within, opened, message, enqueue }
          : undefined

      const checked = answerable && releaseCheck?.answer(answerable)
      if (checked !== undefined) {
        const text = await checked
        const { id: eventId, type } = event
        log.info({ platform: platform.id, appid: appId, eventId, type, outcome: 'release check' }, 'push.received')
        return answerText(reply, text)
      }
      const replied = answerable && passiveReplies?.answer(answerable)
      const text = replied && (await replied)
      const outcome = await enqueue()
      if (outcome === 'duplicate') platform.statistics.count('duplicates')
      // At debug: a log line per message costs nearly half of the throughput. The metrics count them.
      const { id: eventId, type } = event
      const durationMs = clock.nowMs() - receivedAtMs
      const answered = text !== undefined
      log.debug({ platform: platform.id, appid: appId, eventId, type, outcome, answered, durationMs }, 'push.received')
      return answerText(reply, text ?? SUCCESS)
    },
  )

  scope.get('/apis/v1/wx/:platform/:APPID/callback', { schema: pushSchemas.authorizerUrlCheck }, (request, reply) => {
    const platform = platformOf(platforms, request.params)
    authorizerAppIdOf(platform, request.params)
    reply.send(answerText(reply, echoOf(deps, platform.pushKeys, request.query)))
  })

  /** The first call decides whether the event waits for a reply; the later ones get its outcome. */
  function enqueueOnce({ platform, event, receivedAtMs, made, within, opened }: Pushed): Enqueue {
    let accepted: Promise<PushOutcome> | undefined
    const accept = (wanted?: ReplyWanted) => {
      const push = { v: 1, kind: 'message', platform: platform.id, event, receivedAtMs, made } as const
      return intake.accept(wanted ? { ...push, reply: wanted } : push, within, opened.plaintextBytes)
    }
    return (wanted) => (accepted ??= accept(wanted))
  }
}

type Pushed = Pick<PushedMessage, 'platform' | 'event' | 'receivedAtMs' | 'made' | 'within' | 'opened'>
type Enqueue = (wanted?: ReplyWanted) => Promise<PushOutcome>
