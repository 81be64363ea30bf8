// Owns: POST /replies/:eventId of the internal listener: a consumer offers a passive reply by HTTP.
import type { Platform, ReplyOutcome } from '@wxgw/platform'
import { GatewayError } from '@wxgw/wechat-core'
import { assertGranted, forbidden, requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { replySchemas } from '../schemas/replies.ts'
import type { GatewayServer } from '../server.ts'

export type ReplyPlatform = {
  events: Pick<Platform['events'], 'get'>
  replies: Pick<Platform['replies'], 'offer'>
}

type Deps = { platforms: ReadonlyMap<string, ReplyPlatform> }

export function replyRoutes(app: GatewayServer, { platforms }: Deps): void {
  const onRequest = requireGrant({ action: 'replies:write' })

  app.post(
    `${PREFIX}/replies/:eventId`,
    { schema: replySchemas.offer, config: { isFrequent: true }, onRequest },
    async (request, reply) => {
      const { params, body } = request
      const platform = platformOf(platforms, params)
      if (visibleAuthorizers(request, 'replies:write') !== undefined) {
        const logged = await platform.events.get(params.eventId)
        if (!logged) throw forbidden()
        assertGranted(request, 'replies:write', logged.authorizerappid ?? undefined)
      }
      const sentBy = senderOf(await platform.replies.offer(params.eventId, body.reply))
      return reply.code(202).send({ sentBy })
    },
  )
}

function senderOf(outcome: ReplyOutcome): 'passive-reply' | 'customer-service' {
  switch (outcome) {
    case 'accepted':
      return 'passive-reply'
    case 'sent':
      return 'customer-service'
    case 'invalid':
      throw new GatewayError(
        'INVALID_REQUEST',
        'the body is not valid: /reply is none that WeChat takes for this event',
      )
    case 'unknown':
    case 'not-asked':
      throw new GatewayError('EVENT_NOT_FOUND', 'there is no such event, or it is no longer remembered')
    case 'already-answered':
      throw new GatewayError('REPLY_ALREADY_SENT', 'this event has been answered')
    case 'too-late':
      throw new GatewayError('REPLY_TOO_LATE', 'WeChat no longer waits for an answer to this event')
    default:
      return outcome satisfies never
  }
}
