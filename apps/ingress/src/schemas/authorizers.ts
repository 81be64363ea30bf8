// Owns: the schemas of authorizers and of their synchronisation with WeChat's list.
import { AuthorizerSchema } from '@wxgw/contracts'
import { Type } from 'typebox'
import { errors } from './errors.ts'
import { AuthorizerParams, nextCursor, pageQuery, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Authorizers']
const nullableText = Type.Union([Type.String(), Type.Null()])

const SyncState = Type.Object({
  jobId: Type.String(),
  status: Type.Union([
    Type.Literal('waiting'),
    Type.Literal('running'),
    Type.Literal('completed'),
    Type.Literal('failed'),
  ]),
  seen: Type.Integer(),
  added: Type.Integer(),
  repaired: Type.Integer(),
  failed: Type.Integer(),
  startedAt: nullableText,
  finishedAt: nullableText,
  error: nullableText,
})

const permissionSets = (description: string) => Type.Array(Type.Integer(), { description })

const PermissionSetNames = Type.Array(
  Type.Object({ id: Type.Integer(), nameZh: Type.String(), nameEn: Type.String() }),
  {
    description: 'names of the permission sets in `items`, of those that the catalogue knows',
  },
)

const HistoryEntry = Type.Object({
  at: Type.String({ description: 'when the gateway stored it' }),
  cause: Type.Union(
    [Type.Literal('authorized'), Type.Literal('updateauthorized'), Type.Literal('unauthorized'), Type.Literal('sync')],
    {
      description:
        '`sync`: found by comparing with WeChat. A browser that returns before any push counts as one of the first two',
    },
  ),
  addedSets: permissionSets('ids of permission sets'),
  removedSets: permissionSets('ids of permission sets; all that it had, when unauthorized'),
  sessionId: Type.Optional(
    Type.String({ description: 'of the authorization session that this authorization completed' }),
  ),
  reference: Type.Optional(Type.String({ description: 'of that session' })),
})

const filterQuery = {
  status: Type.Optional(
    Type.Union([Type.Literal('active'), Type.Literal('reauthorization_required'), Type.Literal('revoked')]),
  ),
  missingScope: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,9}$', description: 'id of a permission set that it lacks' }),
  ),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description:
        'begin of the nick name or of the principal name, whatever its case, or a whole appid or original id',
    }),
  ),
}

export const authorizerSchemas = {
  list: {
    tags,
    operationId: 'listAuthorizers',
    summary: 'The authorizers that the key may see, in the order of their appids',
    description: 'With a filter in any order, from an index. All filters that are given must hold.',
    params: PlatformParams,
    querystring: Type.Object({ ...pageQuery, ...filterQuery }, closed),
    response: {
      200: Type.Object({ items: Type.Array(AuthorizerSchema), nextCursor }),
      ...errors(400, 401, 403, 404, 429, 503),
    },
  },
  one: {
    tags,
    operationId: 'getAuthorizer',
    summary: 'One authorizer',
    params: AuthorizerParams,
    querystring: Type.Object({}, closed),
    response: { 200: AuthorizerSchema, ...errors(400, 401, 403, 404, 503) },
  },
  refresh: {
    tags,
    operationId: 'refreshAuthorizer',
    summary: "Refresh the authorizer's access token, without showing it",
    description:
      'One call at WeChat at a time, and none for a token that was refreshed within FORCE_MIN_INTERVAL_SECONDS.',
    params: AuthorizerParams,
    querystring: Type.Object({}, closed),
    response: {
      200: Type.Object({ expiresAt: Type.String() }),
      ...errors(400, 401, 403, 404, 409, 410, 502, 503, 504),
    },
  },
  compare: {
    tags,
    operationId: 'compareAuthorizer',
    summary: 'Ask WeChat for profile and permission sets, and store them',
    description: 'Needs `authorizers:sync` or `tokens:force`.',
    params: AuthorizerParams,
    querystring: Type.Object({}, closed),
    response: {
      200: Type.Object({
        changed: Type.Array(Type.String(), { description: 'members of the authorizer that were different' }),
      }),
      ...errors(400, 401, 403, 404, 410, 502, 503, 504),
    },
  },
  history: {
    tags,
    operationId: 'getAuthorizerHistory',
    summary: 'What the account granted and took back, newest first: the last 100 changes',
    params: AuthorizerParams,
    querystring: Type.Object(pageQuery, closed),
    response: {
      200: Type.Object({ items: Type.Array(HistoryEntry), nextCursor, sets: PermissionSetNames }),
      ...errors(400, 401, 403, 404, 429, 503),
    },
  },
  sync: {
    tags,
    operationId: 'syncAuthorizers',
    summary: "Page through WeChat's own list: adds what is missing, repairs lost refresh tokens, never revokes",
    params: PlatformParams,
    querystring: Type.Object({}, closed),
    response: { 202: Type.Object({ jobId: Type.String() }), ...errors(400, 401, 403, 404, 503) },
  },
  syncState: {
    tags,
    operationId: 'getAuthorizersSync',
    summary: 'How far a synchronisation has come',
    params: Type.Object({ ...PlatformParams.properties, jobId: Type.String() }),
    querystring: Type.Object({}, closed),
    response: { 200: SyncState, ...errors(400, 401, 403, 404, 503) },
  },
}
