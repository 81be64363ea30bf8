// Owns: generating the types of the console's client and the schemas of its forms from the OpenAPI documents.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../run-command.mjs'

/** Paths without types: the public listener, tokens, and calls forwarded to WeChat. */
const EXCLUDED_PATHS =
  /\/(a|authorize|authorized|callback|event|api|component-api|.*token.*|ticket|mpinfo|metrics)(\/|$)/
/** Operations with a form in the console. */
const OPERATIONS_WITH_FORMS = ['putSubscription', 'beginReplay']

/** The up-to-date files by path. The document comes from a fake gateway of `test`, which must be built. */
export async function consoleClient() {
  const document = await openApiDocument()
  return {
    'apps/console/src/api/schema.ts': await consoleSchema(document),
    'apps/console/src/api/bounds.ts': consoleBounds(document),
  }
}

/** Types of the internal listener's routes, without the excluded paths. */
async function consoleSchema(document) {
  // Only the console has this dependency.
  const { resolve } = createRequire(join(ROOT, 'apps/console/package.json'))
  const { astToString, default: openapiTS } = await import(
    pathToFileURL(resolve('openapi-typescript/dist/index.mjs')).href
  )
  const types = astToString(await openapiTS(withoutErrors(document), { alphabetize: true }))
  return `// Owns: the gateway's routes as types. Written by \`npm run docs\`; not to be edited.\n\n${types}`
}

/** The schemas of path and body of each operation with a form. */
function consoleBounds({ paths }) {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const operationOf = (id) => operations.find(({ operationId }) => operationId === id)
  const bounds = Object.fromEntries(OPERATIONS_WITH_FORMS.map((id) => [id, boundsOf(operationOf(id))]))
  const head = '// Owns: the schemas of the operations with a form. Written by `npm run docs`; not to be edited.'
  return `${head}\n\nexport const bounds = ${JSON.stringify(bounds, null, 2)} as const\n`
}

function boundsOf({ parameters, requestBody }) {
  const path = Object.fromEntries(
    parameters.filter((each) => each.in === 'path').map(({ name, schema }) => [name, schema]),
  )
  return { path, body: requestBody.content['application/json'].schema }
}

/** Without error answers: they all have the shape in api-error.ts. */
function withoutErrors({ paths, ...document }) {
  const kept = Object.entries(paths).map(([path, operations]) => [path, mapValues(operations, keepSuccess)])
  return { ...document, paths: Object.fromEntries(kept.filter(([path]) => !EXCLUDED_PATHS.test(path))) }
}

function keepSuccess(operation) {
  const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
  return { ...operation, responses: Object.fromEntries(successes) }
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))
}

async function openApiDocument() {
  const { createGateway } = await import(new URL('../../test/dist/apps/ingress/gateway-fixture.js', import.meta.url))
  const teardowns = []
  const { internalServer } = createGateway({ teardown: (end) => teardowns.push(end) })
  const answer = await internalServer.inject('/openapi.json')
  for (const end of teardowns) await end()
  return answer.json()
}
