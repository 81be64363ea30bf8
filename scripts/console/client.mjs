// Owns: the types of the console's client, and the bounds that its forms check, from the OpenAPI document of the listeners.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../run-command.mjs'

/** Of the public listener, of tokens, and what is passed on to WeChat as it is. */
const NOT_FOR_PAGES =
  /\/(a|authorize|authorized|callback|event|api|component-api|.*token.*|ticket|mpinfo|metrics)(\/|$)/
/** Those for which the console has a form. */
const OPERATIONS_WITH_FORMS = ['putSubscription', 'beginReplay']

/** By path, each file as it is when it is up to date. The document comes from a gateway without a store, so `test` must be built. */
export async function consoleClient() {
  const document = await openApiDocument()
  return {
    'apps/console/src/api/schema.ts': await consoleSchema(document),
    'apps/console/src/api/bounds.ts': consoleBounds(document),
  }
}

/** What the internal listener serves to a page. */
async function consoleSchema(document) {
  // It is installed for the console alone.
  const { resolve } = createRequire(join(ROOT, 'apps/console/package.json'))
  const { astToString, default: openapiTS } = await import(
    pathToFileURL(resolve('openapi-typescript/dist/index.mjs')).href
  )
  const types = astToString(await openapiTS(withoutRefusals(document), { alphabetize: true }))
  return `// Owns: the gateway's routes as types. Written by \`npm run docs\`; not to be edited.\n\n${types}`
}

/** Of each operation with a form, the schemas of its path and of its body. */
function consoleBounds({ paths }) {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const operationOf = (id) => operations.find(({ operationId }) => operationId === id)
  const bounds = Object.fromEntries(OPERATIONS_WITH_FORMS.map((id) => [id, boundsOf(operationOf(id))]))
  const head = '// Owns: what the routes with a form take. Written by `npm run docs`; not to be edited.'
  return `${head}\n\nexport const bounds = ${JSON.stringify(bounds, null, 2)} as const\n`
}

function boundsOf({ parameters, requestBody }) {
  const path = Object.fromEntries(
    parameters.filter((each) => each.in === 'path').map(({ name, schema }) => [name, schema]),
  )
  return { path, body: requestBody.content['application/json'].schema }
}

/** Every refusal has one shape; it stands once, with the client. */
function withoutRefusals({ paths, ...document }) {
  const kept = Object.entries(paths).map(([path, operations]) => [path, mapValues(operations, keepSuccess)])
  return { ...document, paths: Object.fromEntries(kept.filter(([path]) => !NOT_FOR_PAGES.test(path))) }
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
  const endings = []
  const { internalServer } = createGateway({ teardown: (end) => endings.push(end) })
  const answer = await internalServer.inject('/openapi.json')
  for (const end of endings) await end()
  return answer.json()
}
