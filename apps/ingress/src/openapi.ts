// Owns: the OpenAPI 3.1 document of both listeners, generated from the schemas of their routes, and the pages that show it.
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Type } from 'typebox'
import type { GatewayServer } from './server.ts'

type About = { version: string }

type Operation = { tags?: string[]; security?: unknown[] } & Record<string, unknown>
type Document = { paths?: Record<string, Record<string, Operation>> } & Record<string, unknown>

/** To be called before the routes of `app` are registered. */
export function collectOpenApi(app: GatewayServer, { version }: About): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'WeChat Open Platform gateway',
        description:
          'Gateway for third-party platforms (微信开放平台 第三方平台): pushes in, tokens and events out. ' +
          'Operations tagged `public` are those of the public listener, `internal` those of the internal one.',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'one of API_KEYS, or of the callers in CONFIG_FILE' } },
      },
    },
  })
}

/**
 * GET /openapi.json and /docs on `app`. The public listener's routes are read from an instance that never listens:
 * what is documented is what is served.
 */
export function documentRoutes(app: GatewayServer, createPublic: () => GatewayServer): void {
  let building: Promise<Document> | undefined
  let document: Document = {}

  async function build(): Promise<Document> {
    const publicServer = createPublic()
    await publicServer.ready()
    const merged = mergeDocuments(parseDocument(app.swagger()), parseDocument(publicServer.swagger()))
    await publicServer.close()
    return merged
  }

  void app.register(async (scope: GatewayServer) => {
    // Built for the first one who asks: production may never do.
    scope.addHook('onRequest', async () => {
      document = await (building ??= build())
    })
    const schema = {
      tags: ['documentation'],
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

/** Where both listeners have an operation, the internal one tells more and stands. */
function mergeDocuments(internal: Document, forPublic: Document): Document {
  const paths: NonNullable<Document['paths']> = {}
  for (const [path, operations] of Object.entries(internal.paths ?? {})) {
    paths[path] = mapOperations(operations, (operation) => ({ security: [{ key: [] }], ...operation, tags: tagged(operation, 'internal') }))
  }
  for (const [path, operations] of Object.entries(forPublic.paths ?? {})) {
    const merged = (paths[path] ??= {})
    for (const [method, operation] of Object.entries(operations)) {
      const known = merged[method]
      merged[method] = known
        ? { ...known, security: [...(known.security ?? []), {}], tags: tagged(known, 'public') }
        : { security: [], ...operation, tags: tagged(operation, 'public') }
    }
  }
  return { ...internal, paths }
}

function mapOperations(operations: Record<string, Operation>, change: (operation: Operation) => Operation): Record<string, Operation> {
  return Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, change(operation)]))
}

function tagged({ tags = [] }: Operation, tag: string): string[] {
  return [...tags, tag]
}

// As it will be sent: plain JSON, without the symbols that schemas carry.
function parseDocument(document: unknown): Document {
  return JSON.parse(JSON.stringify(document)) as Document
}
