// Owns: the schema of every error answer, and which statuses a route documents.
import { Type, type TSchema } from 'typebox'

const ErrorSchema = Type.Object(
  {
    statusCode: Type.Integer(),
    code: Type.String({ description: 'stable; what programs decide by' }),
    error: Type.String({ description: 'the reason phrase of the status' }),
    message: Type.String(),
    requestId: Type.String(),
    errcode: Type.Optional(Type.Integer({ description: "WeChat's errcode, when WeChat refused" })),
    errmsg: Type.Optional(Type.String({ description: "WeChat's errmsg, when WeChat refused" })),
    sent: Type.Optional(
      Type.Union([Type.Literal('no'), Type.Literal('unknown')], {
        description: 'of a call that WeChat did not answer: may it have been sent?',
      }),
    ),
  },
  { description: 'Every error of either listener' },
)

type Statuses<Status extends number> = Record<Status, typeof ErrorSchema>

/** For the `response` of a route: its error statuses. */
export function errors<const Status extends number>(...statuses: readonly Status[]): Statuses<Status> {
  const entries = statuses.map((status) => [status, ErrorSchema] as const)
  return Object.fromEntries(entries) as Statuses<Status>
}

/** For a `response` that is not JSON. */
export function content<Schema extends TSchema>(mediaType: string, schema: Schema, description: string) {
  return { description, content: { [mediaType]: { schema } } }
}
