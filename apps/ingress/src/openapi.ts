// Owns: the OpenAPI 3.1 document of both listeners, generated from the schemas of their routes, and the pages that show
// it.
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { Config } from '@wxgw/runtime'
import { Type } from 'typebox'
import { COOKIE_NAME } from './console/session-cookie.ts'
import { CSRF_HEADER } from './console/sessions.ts'
import { CONSOLE_SECURITY } from './schemas/console.ts'
import type { GatewayServer } from './server.ts'

/** In the order in which /docs shows them. Each operation has one. */
const TAGS = [
  { name: 'Pushes', description: 'what WeChat sends' },
  { name: 'Authorization', description: 'how an account authorizes the platform' },
  { name: 'Tokens', description: 'access tokens, tickets, and what is signed with them' },
  { name: 'API calls', description: "WeChat's APIs in the name of an account or of the component, without a token" },
  { name: 'Authorizers', description: 'the accounts that authorized the platform' },
  { name: 'Subscriptions', description: "consumers' claims on events, and what could not be delivered" },
  { name: 'Replays', description: 'delivering to one subscription again, at a rate of its own' },
  { name: 'Events', description: 'what WeChat sent lately and what became of it' },
  { name: 'Statistics', description: 'what the processes count' },
  { name: 'Replies', description: 'passive replies (被动回复)' },
  { name: 'Catalogue', description: 'what the gateway knows of WeChat' },
  { name: 'Console', description: 'of operators: sessions, and what only the console shows' },
  { name: 'Health', description: 'of the process' },
  { name: 'Documentation', description: 'this document' },
]

type About = { version: string; config: { publicListener: Pick<Config['publicListener'], 'baseUrl' | 'port'> } }

type Server = { url: string; description: string }
type Operation = { security?: unknown[]; servers?: Server[] } & Record<string, unknown>
type Document = {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, unknown> } & Record<string, unknown>
} & Record<string, unknown>

/** Relative, because the internal listener serves the document itself. */
const INTERNAL: Server = { url: '/', description: 'internal listener' }

/** Call it before the routes of `app` are registered. */
export function collectOpenApi(app: GatewayServer, { version }: Pick<About, 'version'>): void {
  void app.register(swagger, {
    // `Subscription` instead of `def-1`: the name must not change with the number of routes.
    refResolver: {
      // oxlint-disable-next-line max-params -- the plugin's own signature
      buildLocalReference: ({ $id }, _baseUri, _fragment, index) => (typeof $id === 'string' ? $id : `def-${index}`),
    },
    transform: ({ schema, url, route }) => {
      const answersCredentials = route.config?.answersCredentials === true
      return { url, schema: answersCredentials ? { security: [{ key: [] }], ...schema } : schema }
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'WeChat Open Platform gateway',
        description:
          'Gateway for third-party platforms (微信开放平台 第三方平台): pushes in, tokens and events out. ' +
          'The servers of an operation are the listeners that have it.',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: TAGS,
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'one of API_KEYS, or of the callers in CONFIG_FILE' },
          consoleSession: {
            type: 'apiKey',
            in: 'cookie',
            name: COOKIE_NAME,
            description: 'set by POST /console/session',
          },
          csrfToken: {
            type: 'apiKey',
            in: 'header',
            name: CSRF_HEADER,
            description: '`csrfToken` of GET /console/session',
          },
        },
      },
    },
  })
}

/**
 * GET /openapi.json and /docs on `app`. The public listener's routes are read from an instance that never listens:
 * what is documented is what is served.
 */
export function documentRoutes(
  app: GatewayServer,
  { config }: Pick<About, 'config'>,
  createPublic: () => GatewayServer,
): void {
  let building: Promise<Document> | undefined
  let document: Document = {}

  async function build(): Promise<Document> {
    const publicServer = createPublic()
    await publicServer.ready()
    const { baseUrl, port } = config.publicListener
    const forPublic = { url: baseUrl ?? `http://127.0.0.1:${port}`, description: 'public listener' }
    const merged = mergeDocuments(
      servedBy(INTERNAL, parseDocument(app.swagger())),
      servedBy(forPublic, parseDocument(publicServer.swagger())),
    )
    await publicServer.close()
    return merged
  }

  void app.register(async (scope: GatewayServer) => {
    // Built at the first request: in production there may be none.
    scope.addHook('onRequest', async () => {
      document = await (building ??= build())
    })
    const schema = {
      tags: ['Documentation'],
      operationId: 'getOpenApi',
      summary: 'This document',
      security: [],
      response: { 200: Type.Record(Type.String(), Type.Unknown(), { description: 'OpenAPI 3.1' }) },
    }
    scope.get('/openapi.json', { schema }, () => document)
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      transformStaticCSP: (policy) => policy.replace('upgrade-insecure-requests;', '').replaceAll(' https:', ''),
      transformSpecification: () => document,
      transformSpecificationClone: false,
      uiConfig: { persistAuthorization: false, tryItOutEnabled: false },
    })
  })
}

/** Adds its server to each operation, and the key unless its route declares its own security. */
function servedBy(server: Server, document: Document): Document {
  const security = server === INTERNAL ? [{ key: [] }, CONSOLE_SECURITY] : []
  const paths = Object.entries(document.paths ?? {}).map(([path, operations]) => {
    const served = Object.entries(operations).map(([method, operation]) => [
      method,
      { security, ...operation, servers: [server] },
    ])
    return [path, Object.fromEntries(served)]
  })
  return { ...document, paths: Object.fromEntries(paths) }
}

/**
 * An operation of both listeners has the description of the internal one, which documents more. The public one needs no
 * key.
 */
function mergeDocuments(internal: Document, forPublic: Document): Document {
  const paths: NonNullable<Document['paths']> = { ...internal.paths }
  for (const [path, operations] of Object.entries(forPublic.paths ?? {})) {
    const merged = (paths[path] ??= {})
    for (const [method, operation] of Object.entries(operations)) merged[method] = withBoth(merged[method], operation)
  }
  const schemas = { ...forPublic.components?.schemas, ...internal.components?.schemas }
  return { ...internal, paths, components: { ...internal.components, schemas } }
}

function withBoth(internal: Operation | undefined, forPublic: Operation): Operation {
  if (internal === undefined) return forPublic
  const { security = [], servers = [] } = internal
  return {
    ...internal,
    // `{}` = no key is needed.
    security: security.length === 0 ? [] : [...security, {}],
    servers: [...servers, ...(forPublic.servers ?? [])],
  }
}

// Plain JSON, as it is sent: without the symbols in schemas.
function parseDocument(document: unknown): Document {
  return JSON.parse(JSON.stringify(document)) as Document
}
