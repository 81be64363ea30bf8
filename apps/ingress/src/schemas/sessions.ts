// Owns: the schemas of authorization sessions on the internal listener.
import { AuthorizationSessionSchema } from '@wxgw/contracts'
import { Type } from 'typebox'
import { authorizationParameters } from './authorizations.ts'
import { errors } from './errors.ts'
import { nextCursor, pageQuery, PlatformParams } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Authorization']

export const DEFAULT_EXPIRES_IN_SECONDS = 86_400

const reference = Type.String({
  minLength: 1,
  maxLength: 128,
  description: "the caller's own name for the recipient of the link",
})

const NewSession = Type.Object(
  {
    reference,
    tags: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        maxProperties: 20,
        propertyNames: { minLength: 1, maxLength: 64 },
        additionalProperties: { type: 'string', maxLength: 256 },
        description: 'texts by name, given back in views and events',
      }),
    ),
    type: Type.Optional(
      Type.Union([Type.Literal('mobile'), Type.Literal('scancode')], {
        description: "default: by the visitor's browser",
      }),
    ),
    authType: Type.Optional(Type.Integer({ minimum: 1, maximum: 99, description: "WeChat's auth_type" })),
    appid: authorizationParameters.biz_appid,
    categoryIdList: authorizationParameters.category_id_list,
    returnUrl: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description: 'where the browser goes after the authorization; its origin is one of AUTH_REDIRECT_ORIGINS',
      }),
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 2_592_000, default: DEFAULT_EXPIRES_IN_SECONDS }),
    ),
  },
  closed,
)

const Link = Type.Object({ sessionId: Type.String(), url: Type.String(), expiresAt: Type.String() })

const params = Type.Object({ ...PlatformParams.properties, sessionId: Type.String() })

export const sessionSchemas = {
  create: {
    tags,
    operationId: 'createAuthorizationSession',
    summary: 'A link to send to the administrator of an account',
    description: 'A right that is narrowed to authorizers needs an `appid` of them.',
    params: PlatformParams,
    querystring: Type.Object({}, closed),
    body: NewSession,
    response: {
      201: Link,
      ...errors(400, 401, 403, 404, 409, 413, 415, 429, 503),
    },
  },
  list: {
    tags,
    operationId: 'listAuthorizationSessions',
    summary: 'Authorization sessions, newest first; only those that the key may see',
    description: 'A session is kept for 30 days after its end.',
    params: PlatformParams,
    querystring: Type.Object(
      {
        ...pageQuery,
        reference: Type.Optional(reference),
        status: Type.Optional(AuthorizationSessionSchema.properties.status),
      },
      closed,
    ),
    response: {
      200: Type.Object({ items: Type.Array(AuthorizationSessionSchema), nextCursor }),
      ...errors(400, 401, 403, 404, 429, 503),
    },
  },
  one: {
    tags,
    operationId: 'getAuthorizationSession',
    summary: 'One authorization session',
    params,
    querystring: Type.Object({}, closed),
    response: { 200: AuthorizationSessionSchema, ...errors(400, 401, 403, 404, 503) },
  },
  link: {
    tags,
    operationId: 'getAuthorizationLink',
    summary: 'The link of a session once more, as it was answered when it was made',
    description: 'Of a session that is over, too: its page says so.',
    params,
    querystring: Type.Object({}, closed),
    response: { 200: Link, ...errors(400, 401, 403, 404, 503) },
  },
  cancel: {
    tags,
    operationId: 'cancelAuthorizationSession',
    summary: 'Cancel an authorization session: nothing completes it any more',
    params,
    querystring: Type.Object({}, closed),
    response: { 204: Type.Null(), ...errors(400, 401, 403, 404, 409, 503) },
  },
}
