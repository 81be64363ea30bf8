// Owns: the schemas of the console's own routes.
import { Type } from 'typebox'
import { errors } from './errors.ts'

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

/** Both, or a key in their place. */
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
}
