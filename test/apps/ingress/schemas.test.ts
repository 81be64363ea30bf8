// Owns: that every schema of a route can be compiled. The processes compile one at its first use only.
import Fastify from 'fastify'
import { readdir } from 'node:fs/promises'
import t from 'tap'

const dir = new URL('./schemas/', import.meta.resolve('@wxgw/ingress'))

void t.test('the schemas of every route can be compiled', async (t) => {
  const app = Fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } })
  t.teardown(() => app.close())
  const files = (await readdir(dir)).filter((name) => name.endsWith('.js'))
  let routes = 0
  for (const file of files) {
    const exported: Record<string, unknown> = await import(new URL(file, dir).href)
    for (const schema of Object.values(exported).flatMap(routeSchemas)) {
      const url = `/${(routes += 1)}/:platform/:APPID`
      // GET takes no body.
      app.route({ method: 'body' in schema ? 'POST' : 'GET', url, schema, handler: async () => undefined })
    }
  }
  t.ok(routes > 50, `${routes} routes`)
  await app.ready()
})

/** A file exports the schema of one route, or those of several by name. */
function routeSchemas(exported: unknown): object[] {
  const candidates: unknown[] = isObject(exported) ? [exported, ...Object.values(exported)] : []
  return candidates.filter(isObject).filter((schema) => 'operationId' in schema)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
