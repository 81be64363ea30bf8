// Owns: the records that all ingresses keep for the console: an audit log entry, and an API call that WeChat refused.
import { Type, type Static } from 'typebox'
import { parserOf } from './parser.ts'

const nullableText = Type.Union([Type.String(), Type.Null()])
const nullableNumber = Type.Union([Type.Number(), Type.Null()])

const AuditEntrySchema = Type.Object({
  atMs: Type.Number(),
  caller: nullableText,
  action: nullableText,
  method: Type.String(),
  route: Type.String(),
  platform: nullableText,
  authorizer: nullableText,
  subscription: nullableText,
  outcome: Type.String(),
  statusCode: Type.Number(),
  by: Type.Union([Type.Literal('key'), Type.Literal('session')]),
  /** Number of calls merged into this entry. */
  count: Type.Number(),
  requestId: Type.String(),
})
export type AuditEntry = Static<typeof AuditEntrySchema>
export const parseAuditEntry = parserOf(AuditEntrySchema)

const RefusedCallSchema = Type.Object({
  atMs: Type.Number(),
  platform: Type.String(),
  /** null: called with the component's token. */
  authorizer: nullableText,
  caller: nullableText,
  path: Type.String(),
  status: nullableNumber,
  errcode: Type.Number(),
  rid: nullableText,
  durationMs: Type.Number(),
  requestId: Type.String(),
})
export type RefusedCall = Static<typeof RefusedCallSchema>
export const parseRefusedCall = parserOf(RefusedCallSchema)
