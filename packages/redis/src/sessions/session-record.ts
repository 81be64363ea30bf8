// Owns: formatting and parsing the hash of an authorization session.
import { type AuthorizerAppId, parseAuthorizerAppId } from '@wxgw/wechat-core'

const SESSION_STATUSES = ['open', 'completed', 'expired', 'cancelled', 'refused'] as const
export type SessionStatus = (typeof SESSION_STATUSES)[number]

export type NewSession = {
  /** Unguessable. */
  id: string
  reference: string
  tags: Readonly<Record<string, string>>
  type: 'mobile' | 'scancode' | undefined
  authType: number | undefined
  /** Only this account may complete it. */
  appId: AuthorizerAppId | undefined
  /** `1|2|9` */
  categoryIdList: string | undefined
  returnUrl: string | undefined
  /** Whether the rights of its caller are limited to some authorizers. */
  isNarrowed: boolean
  expiresInSeconds: number
}

export type Session = Omit<NewSession, 'expiresInSeconds'> & {
  status: SessionStatus
  createdAtMs: number
  expiresAtMs: number
  /** First view of its page. */
  openedAtMs: number | undefined
  /** Completed, refused or cancelled. */
  endedAtMs: number | undefined
  /** Completed or refused by this account. */
  authorizedAppId: AuthorizerAppId | undefined
  /** Ids of permission sets, ascending; none before it is completed. */
  grantedSets: readonly number[]
}

/** Fields and values in turn. */
export function formatSession(session: NewSession): string[] {
  const { reference, tags, type, authType, appId, categoryIdList, returnUrl, isNarrowed } = session
  const fields: Array<[string, string | undefined]> = [
    ['reference', reference],
    ['tags', JSON.stringify(tags)],
    ['type', type],
    ['authType', authType === undefined ? undefined : String(authType)],
    ['appid', appId],
    ['categoryIdList', categoryIdList],
    ['returnUrl', returnUrl],
    ['narrowed', isNarrowed ? '1' : undefined],
  ]
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
}

/** undefined when there is no such session. An open session after `expiresAtMs` is `expired`. */
export function parseSession(id: string, fields: Readonly<Record<string, string>>, nowMs: number): Session | undefined {
  const { reference, type, authType, categoryIdList, returnUrl, openedAtMs, endedAtMs } = fields
  const status = statusOf(fields, nowMs)
  if (status === undefined || reference === undefined) return undefined
  return {
    id,
    reference,
    tags: JSON.parse(fields['tags'] ?? '{}'),
    type: type === 'mobile' || type === 'scancode' ? type : undefined,
    authType: authType === undefined ? undefined : Number(authType),
    appId: parseAuthorizerAppId(fields['appid']),
    categoryIdList,
    returnUrl,
    isNarrowed: fields['narrowed'] === '1',
    status,
    createdAtMs: Math.floor(Number(fields['createdAtMs'])),
    expiresAtMs: Number(fields['expiresAtMs']),
    openedAtMs: openedAtMs === undefined ? undefined : Number(openedAtMs),
    endedAtMs: endedAtMs === undefined ? undefined : Number(endedAtMs),
    authorizedAppId: parseAuthorizerAppId(fields['authorizedAppid']),
    grantedSets: (fields['grantedSets'] ?? '').split(',').flatMap((set) => (set === '' ? [] : [Number(set)])),
  }
}

export function statusOf(
  { status, expiresAtMs }: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): SessionStatus | undefined {
  if (status === 'open' && Number(expiresAtMs) <= nowMs) return 'expired'
  return SESSION_STATUSES.find((known) => known === status)
}

/** From names and values in turn. */
export function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index] ?? ''] = flat[index + 1] ?? ''
  return fields
}
