// Owns: the schema of handing a passive reply in.
import { ReplySchema } from '@wxgw/contracts'
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }

export const replySchemas = {
  offer: {
    tags: ['Replies'],
    operationId: 'sendReply',
    summary: 'A passive reply from a consumer that is no webhook',
    description:
      '`sentBy` is `passive-reply` when the push was still waiting, `customer-service` when the fallback of the subscription sent it. ' +
      'INVALID_REQUEST, EVENT_NOT_FOUND, REPLY_ALREADY_SENT, REPLY_TOO_LATE.',
    params: Type.Object({ ...PlatformParams.properties, eventId: Type.String({ pattern: '^[!-~]{1,128}$' }) }),
    querystring: Type.Object({}, closed),
    body: Type.Object({ reply: ReplySchema }, closed),
    response: {
      202: Type.Object({ sentBy: Type.Union([Type.Literal('passive-reply'), Type.Literal('customer-service')]) }),
      ...errors(400, 401, 403, 404, 409, 410, 413, 415, 502, 503, 504),
    },
  },
}
