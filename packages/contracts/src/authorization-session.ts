// Owns: an authorization session as callers and consumers see it.
import { Type, type Static } from 'typebox'

const nullableText = (description?: string) =>
  Type.Union([Type.String(), Type.Null()], description === undefined ? {} : { description })
const permissionSets = (description: string) => Type.Array(Type.Integer(), { description })

export const AuthorizationSessionSchema = Type.Object(
  {
    sessionId: Type.String(),
    reference: Type.String({ description: "the caller's own name for the recipient of the link" }),
    tags: Type.Record(Type.String(), Type.String()),
    status: Type.Union([
      Type.Literal('open'),
      Type.Literal('completed'),
      Type.Literal('expired'),
      Type.Literal('cancelled'),
      Type.Literal('refused'),
    ]),
    appid: nullableText(
      'the requested account; once an account has authorized, that one. ' +
        'Of a refused session, a narrowed right sees the requested one only',
    ),
    createdAt: Type.String(),
    openedAt: nullableText('when the page was first opened'),
    completedAt: nullableText(),
    expiresAt: Type.String(),
    grantedSets: permissionSets('ids of the permission sets that the account granted'),
    missingSets: permissionSets('ids in categoryIdList that are not granted'),
  },
  { $id: 'AuthorizationSession' },
)
export type AuthorizationSessionView = Static<typeof AuthorizationSessionSchema>

/** The input of views and events; a Session of packages/redis fits. */
type SessionFields = {
  id: string
  reference: string
  tags: Readonly<Record<string, string>>
  status: AuthorizationSessionView['status']
  appId: string | undefined
  authorizedAppId: string | undefined
  categoryIdList: string | undefined
  createdAtMs: number
  openedAtMs: number | undefined
  endedAtMs: number | undefined
  expiresAtMs: number
  grantedSets: readonly number[]
}

/** `isNarrowed`: hide the other account that authorized instead of the requested one. */
export function authorizationSessionView(
  session: SessionFields,
  { isNarrowed }: { isNarrowed: boolean },
): AuthorizationSessionView {
  return {
    sessionId: session.id,
    reference: session.reference,
    tags: { ...session.tags },
    status: session.status,
    appid: shownAppId(session, { isNarrowed }) ?? null,
    createdAt: instant(session.createdAtMs),
    openedAt: session.openedAtMs === undefined ? null : instant(session.openedAtMs),
    completedAt: session.status === 'completed' && session.endedAtMs !== undefined ? instant(session.endedAtMs) : null,
    expiresAt: instant(session.expiresAtMs),
    grantedSets: [...session.grantedSets],
    missingSets: missingSets(session),
  }
}

export function shownAppId(
  { status, appId, authorizedAppId }: Pick<SessionFields, 'status' | 'appId' | 'authorizedAppId'>,
  { isNarrowed }: { isNarrowed: boolean },
): string | undefined {
  return status === 'refused' && isNarrowed ? appId : (authorizedAppId ?? appId)
}

/** `data.session` of `wechat.component.authorized` and `updateauthorized`. */
export function eventSession({ id, reference, tags }: Pick<SessionFields, 'id' | 'reference' | 'tags'>) {
  return { id, reference, tags: { ...tags } }
}

/** `data` of `gateway.authorization.completed` and `refused`. A refused session names the requested account. */
export function endedSessionData(session: SessionFields) {
  const { id: sessionId, reference, tags, grantedSets } = session
  const appid = shownAppId(session, { isNarrowed: true })
  return {
    sessionId,
    reference,
    tags: { ...tags },
    appid,
    grantedSets: [...grantedSets],
    missingSets: missingSets(session),
  }
}

/** Ascending, each once. */
export function requestedSets({ categoryIdList }: Pick<SessionFields, 'categoryIdList'>): number[] {
  const ids = (categoryIdList ?? '')
    .split('|')
    .filter((id) => id !== '')
    .map(Number)
  return [...new Set(ids)].toSorted((left, right) => left - right)
}

export function missingSets(session: Pick<SessionFields, 'categoryIdList' | 'grantedSets'>): number[] {
  return requestedSets(session).filter((id) => !session.grantedSets.includes(id))
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
