// Owns: the schemas of the console's own routes.
import { Type } from 'typebox'
import { InstantSchema } from '../http/instant.ts'
import { errors } from './errors.ts'
import { nextCursor, pageQuery } from './paths.ts'

const closed = { additionalProperties: false }
const tags = ['Console']
const list = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))

const Session = Type.Object({
  caller: Type.String(),
  platforms: Type.Array(Type.String(), { description: 'ids of the platforms on which the caller has any right' }),
  grants: Type.Union(
    [
      Type.Array(
        Type.Object({
          platforms: list('left out = all, as in CONFIG_FILE; so are the others'),
          authorizers: list('appids'),
          actions: list('of those in docs/configuration.md'),
          apis: list('patterns of paths of WeChat'),
        }),
      ),
      Type.Null(),
    ],
    { description: 'null = all rights' },
  ),
  csrfToken: Type.String({ description: 'to be sent in x-csrf-token with every request of the session' }),
})

const nullableText = Type.Union([Type.String(), Type.Null()])
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 128, description }))

const AuditEntry = Type.Object({
  at: Type.String(),
  caller: Type.Union([Type.String(), Type.Null()], { description: 'null: a sign-in with a key that is not known' }),
  action: nullableText,
  method: Type.String(),
  route: Type.String({ description: 'as in this document, with `:` in front of parameters' }),
  platform: nullableText,
  authorizer: Type.Union([Type.String(), Type.Null()], {
    description: 'null also for calls about several that are counted together',
  }),
  subscription: nullableText,
  outcome: Type.String({ description: '`OK`, or the code of the refusal' }),
  statusCode: Type.Integer(),
  by: Type.Union([Type.Literal('key'), Type.Literal('session')]),
  count: Type.Integer({
    description: 'how many calls it stands for: those that services repeat within a minute are one entry',
  }),
  requestId: Type.String(),
})

const RefusedCall = Type.Object({
  at: Type.String(),
  platform: Type.String(),
  authorizer: Type.Union([Type.String(), Type.Null()], { description: "null: a call with the component's token" }),
  caller: nullableText,
  path: Type.String(),
  status: Type.Union([Type.Integer(), Type.Null()]),
  errcode: Type.Integer(),
  rid: nullableText,
  durationMs: Type.Integer(),
  requestId: Type.String(),
})

const Text = Type.Object({ zh: Type.String(), en: Type.String() })

/** Both together, or a key. */
export const CONSOLE_SECURITY = { consoleSession: [], csrfToken: [] }

export const consoleSchemas = {
  signIn: {
    tags,
    operationId: 'signIn',
    summary: 'Sign in to the console with the key of a caller that has `console:use`',
    description:
      'Sets the cookie of a session: sealed, HttpOnly, SameSite=Strict, Secure where the request came by TLS. It holds for 12 hours ' +
      'after its last use. Ten wrong keys of one address in a minute, or a hundred in all, and nobody is let in until it is over.',
    security: [],
    querystring: Type.Object({}, closed),
    body: Type.Object({ key: Type.String({ minLength: 1, maxLength: 1024 }) }, closed),
    response: { 200: Session, ...errors(400, 401, 403, 413, 415, 429) },
  },
  session: {
    tags,
    operationId: 'getSession',
    summary: 'Who is signed in, with what rights, and the CSRF token',
    security: [{ consoleSession: [] }],
    querystring: Type.Object({}, closed),
    response: { 200: Session, ...errors(400, 401, 503) },
  },
  signOut: {
    tags,
    operationId: 'signOut',
    summary: 'End the session, at every ingress and for good',
    security: [CONSOLE_SECURITY],
    querystring: Type.Object({}, closed),
    response: { 204: Type.Null(), ...errors(400, 401, 403, 503) },
  },
  audit: {
    tags,
    operationId: 'listAudit',
    summary: 'Who changed what, and who read secrets or what users wrote: the last 10,000 entries, newest first',
    description:
      'Of the platforms that the caller has `console:use` for in a grant that is not narrowed to authorizers. What happened within the ' +
      'last seconds may not stand there yet.',
    querystring: Type.Object(
      {
        ...pageQuery,
        caller: text('its name'),
        action: text('one of docs/configuration.md'),
        authorizer: text('appid'),
        from: Type.Optional(InstantSchema),
        to: Type.Optional(InstantSchema),
      },
      closed,
    ),
    response: { 200: Type.Object({ items: Type.Array(AuditEntry), nextCursor }), ...errors(400, 401, 403, 429, 503) },
  },
  apiCalls: {
    tags,
    operationId: 'listRefusedApiCalls',
    summary: "Calls of WeChat's APIs that WeChat refused: the last 1,000, newest first",
    description:
      'Of the platforms that the caller has `console:use` for in a grant that is not narrowed to authorizers.',
    querystring: Type.Object(
      { ...pageQuery, authorizer: text('appid'), errcode: Type.Optional(Type.String({ pattern: '^-?[0-9]{1,10}$' })) },
      closed,
    ),
    response: { 200: Type.Object({ items: Type.Array(RefusedCall), nextCursor }), ...errors(400, 401, 403, 429, 503) },
  },
  diagnosis: {
    tags,
    operationId: 'getDiagnosis',
    summary: 'What is wrong now, and what to do about it',
    description:
      'Every check is bounded in time and made by itself. Answers while Redis is away, too. What concerns one platform is shown to callers ' +
      'that have `console:use` for it in a grant that is not narrowed to authorizers. Nothing in it is secret.',
    querystring: Type.Object({}, closed),
    response: {
      200: Type.Object({
        checks: Type.Array(
          Type.Object({
            id: Type.String(),
            platform: Type.Union([Type.String(), Type.Null()], { description: 'null: of the whole gateway' }),
            title: Text,
            status: Type.Union([Type.Literal('ok'), Type.Literal('warning'), Type.Literal('problem')]),
            what: Text,
            whatToDo: Type.Union([Text, Type.Null()]),
          }),
        ),
        settings: Type.Record(Type.String(), Type.Unknown(), {
          description:
            'of the process that answers; no secret. `callers` and `subscriptions` only for callers that reach all platforms',
        }),
      }),
      ...errors(400, 401, 403),
    },
  },
}
