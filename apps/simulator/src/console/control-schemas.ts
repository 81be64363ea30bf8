// Owns: the JSON schemas and types of the control routes' bodies and queries.
import type { FuncInfo, NewAccount } from '../accounts.ts'
import type { FaultPlan } from '../api/faults.ts'
import type { MessageFields } from '../push/message-xml.ts'

const text = { type: 'string' } as const
const wholeNumber = { type: 'integer', minimum: 0 } as const
const flag = { type: 'boolean' } as const
const texts = { type: 'array', items: text } as const
const anything = { type: 'object', additionalProperties: true } as const

function object(properties: Record<string, unknown>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false }
}

const funcInfo = { type: 'array', items: { anyOf: [{ type: 'integer' }, anything] } }
const fields = { type: 'object', additionalProperties: { anyOf: [{ type: 'number' }, text] } }
const sender = { openId: text, createTimeSeconds: wholeNumber }

export type AccountBody = NewAccount
export const accountBody = object({
  appId: { type: 'string', pattern: '^wx[0-9A-Za-z]{16}$' },
  userName: text,
  nickName: text,
  principalName: text,
  headImg: text,
  isMiniProgram: flag,
  serviceType: { type: 'integer' },
  verifyType: { type: 'integer' },
  apiPermission: flag,
  funcInfo,
})

export type AuthorizeBody = { push?: boolean; funcInfo?: FuncInfo; createTimeSeconds?: number }
export const authorizeBody = object({ push: flag, funcInfo, createTimeSeconds: wholeNumber })

export type UnauthorizeBody = { push?: boolean; createTimeSeconds?: number; takesEffect?: boolean }
export const unauthorizeBody = object({ push: flag, createTimeSeconds: wholeNumber, takesEffect: flag })

type Sender = { openId?: string; createTimeSeconds?: number }
export type TextBody = Sender & { content: string; msgId?: string }
export const textBody = object({ ...sender, content: text, msgId: { type: 'string', pattern: '^[0-9]+$' } }, [
  'content',
])

export type EventBody = Sender & { event: string; eventKey?: string; fields?: MessageFields; xml?: string }
export const eventBody = object({ ...sender, event: text, eventKey: text, fields, xml: text }, ['event'])

export type XmlBody = { xml: string }
export const xmlBody = object({ xml: text }, ['xml'])

export type SampleBody = Sender & { name: string }
export const sampleBody = object({ ...sender, name: text }, ['name'])

export type TicketBody = { ticket?: string; createTimeSeconds?: number }
export const ticketBody = object({ ticket: text, createTimeSeconds: wholeNumber })

export type FaultBody = { api: string } & Omit<FaultPlan, 'holdUntil' | 'holdAnswerUntil' | 'mutate'>
export const faultBody = object(
  {
    api: text,
    appId: text,
    times: { type: 'integer', minimum: 1 },
    after: wholeNumber,
    delayMs: wholeNumber,
    delayAnswerMs: wholeNumber,
    resetBefore: flag,
    resetAfter: flag,
    cutAfterBytes: wholeNumber,
    errcode: { type: 'integer' },
    errmsg: text,
    status: { type: 'integer', minimum: 200, maximum: 599 },
    body: text,
    contentType: text,
    takesEffect: flag,
    drip: object({ everyMs: wholeNumber, bytes: { type: 'integer', minimum: 1 } }, ['everyMs']),
    omit: texts,
    replace: anything,
  },
  ['api'],
)

export type AdvanceBody = { seconds: number }
export const advanceBody = object({ seconds: { type: 'number', minimum: 0 } }, ['seconds'])

export type ReleaseCheckBody = { group?: number; sameCode?: boolean; apiMessageTimeoutMs?: number }
export const releaseCheckBody = object({
  group: { type: 'integer', minimum: 1, maximum: 5 },
  sameCode: flag,
  apiMessageTimeoutMs: wholeNumber,
})

export type TokenBody = { appId: string; token: string }
export const tokenBody = object({ appId: text, token: text }, ['appId', 'token'])

export type CountQuery = { api: string; appId?: string }
export const countQuery = object({ api: text, appId: text }, ['api'])

export type RecentQuery = { limit: number; api?: string; appId?: string }
export const recentQuery = object({
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
  api: text,
  appId: text,
})

/** The settings that can be changed at run time. */
export const settingsBody = object({
  eventUrl: text,
  callbackUrl: text,
  component: object({ appId: text, appSecret: text, token: text, encodingAesKey: text }),
  tokenLifetimeSeconds: wholeNumber,
  refreshTokenRotation: { enum: ['stable', 'rotating-with-grace', 'strict'] },
  refreshTokenGraceSeconds: wholeNumber,
  accessTokenOverlapSeconds: wholeNumber,
  componentTokenOverlapSeconds: wholeNumber,
  ticketLifetimeSeconds: wholeNumber,
  ticketIntervalSeconds: wholeNumber,
  ticketRetrySeconds: wholeNumber,
  pushTicketOnStart: flag,
  preAuthCodeLifetimeSeconds: wholeNumber,
  authorizationCodeLifetimeSeconds: wholeNumber,
  attempts: { type: 'integer', minimum: 1 },
  attemptSpacingMs: wholeNumber,
  answerDeadlineMs: wholeNumber,
  retryEnvelope: { enum: ['fresh', 'same'] },
  circuitBreaker: object({ failures: { type: 'integer', minimum: 1 }, openMs: wholeNumber }, ['failures', 'openMs']),
  ipAllowed: texts,
  dailyQuota: { type: 'object', additionalProperties: wholeNumber },
  authorizationDomains: texts,
  authorizedPushDelayMs: wholeNumber,
  redirectDelayMs: wholeNumber,
  customerServiceWindow: flag,
})
