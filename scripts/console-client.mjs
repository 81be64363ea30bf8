// Owns: `npm run console:client`: the types of the console's client, from the OpenAPI document that the listeners serve.
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bootstrap } from './bootstrap.mjs'
import { ROOT, say } from './run-command.mjs'

/** Of the public listener, of tokens, and what is passed on to WeChat as it is. */
const NOT_FOR_PAGES = /\/(a|authorize|authorized|callback|event|api|component-api|.*token.*|ticket|mpinfo|metrics)(\/|$)/
const SCHEMA = join(ROOT, 'apps/console/src/api/schema.ts')

/** As the file stands when it is up to date: what the internal listener serves to a page. */
export async function consoleSchema(document) {
  // It is installed for the console alone.
  const { resolve } = createRequire(join(ROOT, 'apps/console/package.json'))
  const { astToString, default: openapiTS } = await import(pathToFileURL(resolve('openapi-typescript/dist/index.mjs')).href)
  const types = astToString(await openapiTS(withoutRefusals(document), { alphabetize: true }))
  return `// Owns: the gateway's routes as types. Written by \`npm run console:client\`; not to be edited.\n\n${types}`
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

async function livingDocument() {
  const { createGateway } = await import(new URL('../test/dist/apps/ingress/gateway-fixture.js', import.meta.url))
  const endings = []
  const { internalServer } = createGateway({ teardown: (end) => endings.push(end) })
  const answer = await internalServer.inject('/openapi.json')
  for (const end of endings) await end()
  return answer.json()
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  // The console itself needs what is written here.
  await bootstrap({ projects: ['test'] })
  await writeFile(SCHEMA, await consoleSchema(await livingDocument()))
  say(`wrote ${SCHEMA}`)
}
