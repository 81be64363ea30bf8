// Owns: the schemas of the files of ../data, and the types made from them.
import { Type, type Static, type TProperties } from 'typebox'

/** A row takes no other members. */
function row<Members extends TProperties>(members: Members) {
  const uncertain = Type.Array(Type.String(), {
    minItems: 1,
    uniqueItems: true,
    description: 'members of this row on which public sources are silent or disagree',
  })
  return Type.Object({ ...members, uncertain: Type.Optional(uncertain) }, { additionalProperties: false })
}

const words = Type.String({ minLength: 1, maxLength: 200 })
const page = Type.String({
  pattern: '^https://(developers|open)\\.weixin\\.qq\\.com/[^\\s#]+$',
  description: "WeChat's own page",
})
const permissionSetId = Type.Integer({ minimum: 1, maximum: 999 })

const Account = Type.Union([Type.Literal('official-account'), Type.Literal('mini-program')])

export const PermissionSetSchema = row({
  id: permissionSetId,
  nameZh: words,
  nameEn: words,
  accounts: Type.Array(Account, { minItems: 1, uniqueItems: true, description: 'who can grant it' }),
  exclusive: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'to one platform at a time only; null: unknown',
  }),
  page,
})

/** In document order; an object comes before its members. */
const FieldSchema = Type.Object(
  {
    path: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)*$',
      description: 'a dot separates levels',
    }),
    type: Type.Union(
      [
        Type.Literal('string'),
        Type.Literal('integer'),
        Type.Literal('number'),
        Type.Literal('time'),
        Type.Literal('object'),
      ],
      { description: 'time: a Unix time in seconds. Consumers of the gateway get every leaf as a string' },
    ),
    meaningZh: words,
    meaningEn: words,
    repeated: Type.Optional(
      Type.Union([Type.Literal('everywhere'), Type.Literal('here')], {
        description:
          'always an array; everywhere: an element of this name is an array in every event; here: only below this parent',
      }),
    ),
    hidden: Type.Optional(Type.Literal(true, { description: 'a ticket or a code: no consumer gets it' })),
    example: Type.Optional(Type.String({ maxLength: 200, description: 'leaves only' })),
  },
  { additionalProperties: false },
)

export const EventSchema = row({
  type: Type.String({
    pattern: '^wechat\\.(message|event|component)\\.[a-z0-9_.-]+$',
    description: 'as consumers of the gateway get it',
  }),
  source: Type.Union([Type.Literal('component'), Type.Literal('callback')], {
    description: "component: the component's event URL; callback: an account's message and event URL",
  }),
  msgType: Type.Optional(words),
  event: Type.Optional(words),
  infoType: Type.Optional(words),
  accounts: Type.Array(Account, {
    minItems: 1,
    uniqueItems: true,
    description: 'kinds of account that it comes from, or is about',
  }),
  whenZh: words,
  whenEn: words,
  ownAnswer: Type.Optional(
    Type.Literal(true, { description: 'WeChat takes an answer in a format of its own, not `success`' }),
  ),
  fields: Type.Array(FieldSchema, {
    description: 'beyond ToUserName, FromUserName, CreateTime, MsgType and Event, or AppId, CreateTime and InfoType',
  }),
  page,
})

const TokenKind = Type.Union(
  [
    Type.Literal('account'),
    Type.Literal('component'),
    Type.Literal('account-or-component'),
    Type.Literal('user'),
    Type.Literal('none'),
  ],
  { description: "user: a web authorization's token; none: the API takes a secret, or nothing" },
)

export const ApiSchema = row({
  method: Type.Union([Type.Literal('GET'), Type.Literal('POST')]),
  path: Type.String({ pattern: '^(/[A-Za-z0-9_-]+)+$', description: "exact; an API's `action` is in its query" }),
  titleZh: words,
  titleEn: words,
  token: TokenKind,
  tokenParameter: Type.Optional(
    Type.Union([Type.Literal('access_token'), Type.Literal('component_access_token')], {
      description: 'name of the query parameter; left out without a token',
    }),
  ),
  componentAppidInQuery: Type.Optional(Type.Literal(true, { description: 'the query also names component_appid' })),
  effect: Type.Union([Type.Literal('none'), Type.Literal('repeatable'), Type.Literal('not-repeatable')], {
    description: 'none: reads only; repeatable: a second call changes nothing more',
  }),
  permissionSets: Type.Array(permissionSetId, { uniqueItems: true, description: 'any one of them is enough' }),
  proxy: Type.Optional(
    Type.Union([Type.Literal('denied'), Type.Literal('needs-tokens-read')], {
      description:
        'denied: the gateway never calls it for a caller; needs-tokens-read: its answer has a token or ticket',
    }),
  ),
  page,
})

const ErrcodeKindSchema = Type.Union(
  [
    Type.Literal('busy'),
    Type.Literal('access-token-invalid'),
    Type.Literal('ticket-invalid'),
    Type.Literal('not-authorized'),
    Type.Literal('refresh-token-invalid'),
    Type.Literal('authorization-code-invalid'),
    Type.Literal('quota-day'),
    Type.Literal('quota-minute'),
    Type.Literal('ip-not-allowed'),
    Type.Literal('misconfigured'),
    Type.Literal('forbidden'),
    Type.Literal('message-refused'),
    Type.Literal('other'),
  ],
  {
    description:
      'decides what the gateway does; access-token-invalid: the token of the call, of an account or the component; ' +
      'misconfigured: a setting or a bug, a person must act; ' +
      'forbidden: the account lacks the permission, or is punished or frozen',
  },
)

export const ErrcodeSchema = row({
  code: Type.Integer(),
  kind: ErrcodeKindSchema,
  retry: Type.Union(
    [
      Type.Literal('no'),
      Type.Literal('backoff'),
      Type.Literal('after-token-refresh'),
      Type.Literal('next-minute'),
      Type.Literal('next-day'),
    ],
    { description: 'when the same call may be made again' },
  ),
  meaningZh: words,
  meaningEn: words,
  actionZh: words,
  actionEn: words,
  page,
})

export const CatalogueSchema = Type.Object(
  {
    permissionSets: Type.Array(PermissionSetSchema),
    events: Type.Array(EventSchema),
    apis: Type.Array(ApiSchema),
    errcodes: Type.Array(ErrcodeSchema),
  },
  {
    additionalProperties: false,
    description: 'What the gateway knows about WeChat. It limits nothing: rows that are missing are allowed',
  },
)

export type PermissionSet = Static<typeof PermissionSetSchema>
export type EventField = Static<typeof FieldSchema>
export type CataloguedEvent = Static<typeof EventSchema>
export type Api = Static<typeof ApiSchema>
export type Errcode = Static<typeof ErrcodeSchema>
export type ErrcodeKind = Errcode['kind']
export type Catalogue = Static<typeof CatalogueSchema>
