// Owns: the schemas of what the processes count.
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { PlatformParams } from './paths.ts'

const tags = ['Statistics']

export const statisticsSchemas = {
  refusedPushes: {
    tags,
    operationId: 'listRefusedPushes',
    summary: 'Pushes that were refused in the last day, by the code of the refusal',
    description: 'Counted in the processes, which hand over what they counted each minute. Not for a right that is narrowed to authorizers.',
    params: PlatformParams,
    querystring: Type.Object({}, { additionalProperties: false }),
    response: {
      200: Type.Object({
        items: Type.Array(
          Type.Object({
            code: Type.String({ description: 'as the push was answered' }),
            count1h: Type.Integer({ description: 'in the last hour' }),
            lastAt: Type.String(),
            lastAddress: Type.String({ description: 'where the last one came from' }),
          }),
        ),
      }),
      ...errors(400, 401, 403, 404, 503),
    },
  },
}
