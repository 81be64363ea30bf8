// Owns: health, readiness, metrics and the OpenAPI document.
import { createMetrics } from '@wxgw/runtime'
import t from 'tap'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { words } from '../../helpers/words.ts'

void t.test('both listeners say that the process lives', async (t) => {
  const { publicServer, internalServer } = createGateway(t)
  for (const server of [publicServer, internalServer]) {
    const answer = await server.inject('/healthz')
    t.equal(answer.statusCode, 200)
    t.same(answer.json(), { status: 'ok' })
  }
})

void t.test('ready is who passes every check; who does not says why', async (t) => {
  const well = createGateway(t, { readiness: [{ name: 'redis', check: async () => undefined }] })
  const ready = await well.internalServer.inject('/readyz')
  t.equal(ready.statusCode, 200)
  t.same(ready.json(), { status: 'ready', checks: [{ name: 'redis', ok: true }], warnings: [] })

  const sick = createGateway(t, {
    readiness: [
      { name: 'redis', check: async () => undefined },
      { name: 'ticket', check: async () => 'no ticket for open1 within 12 h' },
      { name: 'throwing', check: async () => Promise.reject(new Error('canary')) },
      { name: 'hanging', check: () => new Promise(() => undefined) },
    ],
  })
  const elapsedMs = startStopwatch()
  const notReady = await sick.internalServer.inject('/readyz')
  t.ok(elapsedMs() < 2500)
  t.equal(notReady.statusCode, 503)
  t.same(notReady.json(), {
    status: 'not ready',
    checks: [
      { name: 'redis', ok: true },
      { name: 'ticket', ok: false, reason: 'no ticket for open1 within 12 h' },
      { name: 'throwing', ok: false, reason: 'the check failed' },
      { name: 'hanging', ok: false, reason: 'no answer within 1500 ms' },
    ],
    warnings: [],
  })
})

void t.test('requests at once share a run of the checks, and each gets one that began after it', async (t) => {
  let runs = 0
  let reason: string | undefined
  const check = async () => {
    runs += 1
    return reason
  }
  const { internalServer } = createGateway(t, { readiness: [{ name: 'redis', check }] })
  const codes = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => internalServer.inject('/readyz')))
    return [...new Set(answers.map(({ statusCode }) => statusCode))]
  }
  t.same(await codes(200), [200])
  t.ok(runs < 100, `${runs} runs`)
  reason = 'away'
  t.same(await codes(5), [503])
  reason = undefined
  t.same(await codes(1), [200])
})

void t.test('a warning is told and leaves the process ready', async (t) => {
  const { internalServer } = createGateway(t, {
    readiness: [
      { name: 'redis-persistence', warnsOnly: true, check: async () => 'appendonly is no' },
      { name: 'quiet', warnsOnly: true, check: async () => undefined },
    ],
  })
  const answer = await internalServer.inject('/readyz')
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { status: 'ready', checks: [], warnings: ['redis-persistence: appendonly is no'] })
})

void t.test('answers are counted by route, never by path', async (t) => {
  const gateway = createGateway(t, { metrics: createMetrics({ process: 'ingress' }) })
  await gateway.publicServer.inject(`${PREFIX}/wxa000000000000001/callback`)
  await gateway.publicServer.inject('/nowhere/canary')
  await gateway.request(`${PREFIX}/authorizers`)
  const answer = await gateway.internalServer.inject('/metrics')
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^text\/plain/)
  t.match(
    answer.body,
    /wxgw_http_answers_total\{.*listener="public".*route="\/apis\/v1\/wx\/:platform\/:APPID\/callback".*code="SIGNATURE_MISMATCH".*\} 1/,
  )
  t.match(answer.body, /wxgw_http_answers_total\{.*listener="internal".*code="OK".*\} 1/)
  t.notMatch(answer.body, /canary|wxa0/)
})

type Operation = {
  tags: string[]
  operationId: string
  servers: Array<{ url: string; description: string }>
  security: unknown[]
  responses: Record<string, unknown>
  parameters?: unknown[]
}
type Document = {
  openapi: string
  info: { version: string }
  tags: Array<{ name: string }>
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

void t.test('the document covers the routes of both listeners', async (t) => {
  const { internalServer } = createGateway(t)
  const answer = await internalServer.inject('/openapi.json')
  t.equal(answer.statusCode, 200)
  const document = answer.json<Document>()
  t.equal(document.openapi, '3.1.0')
  t.equal(document.info.version, '9.9.9')
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const p = '/apis/v1/wx/{platform}'
  const expected = Object.entries({
    delete: words`
      ~/authorization-sessions/{sessionId} ~/events ~/subscriptions/{name} ~/subscriptions/{name}/dead-letters
      /console/session
    `,
    get: words`
      /api-calls ~/a/{sessionId} ~/a/{sessionId}/landed/{mark} ~/access_token/{APPID} ~/api/{APPID}/{*}
      ~/authorization-sessions ~/authorization-sessions/{sessionId} ~/authorization-sessions/{sessionId}/link
      ~/authorize ~/authorized ~/authorizers ~/authorizers/sync/{jobId} ~/authorizers/{APPID}
      ~/authorizers/{APPID}/history ~/authurl ~/component-api/{*} ~/component_access_token ~/event ~/events
      ~/events/stream ~/events/{id} ~/events/{id}/attempts ~/jssdk_config/{APPID} ~/mpinfo ~/proxy_token/{APPID}
      ~/refused-pushes ~/statistics ~/subscriptions ~/subscriptions/{name} ~/subscriptions/{name}/dead-letters
      ~/subscriptions/{name}/replays ~/subscriptions/{name}/replays/{id} ~/subscriptions/{name}/stats ~/ticket/{APPID}
      ~/{APPID}/callback /audit /catalogue /console/session /diagnosis /healthz /metrics /openapi.json /readyz
    `,
    patch: words`~/subscriptions/{name}`,
    post: words`
      ~/a/{sessionId}/go ~/access_token/{APPID}/invalid ~/api/{APPID}/{*} ~/authorization-sessions ~/authorize/go
      ~/authorizers/sync ~/authorizers/{APPID}/compare ~/authorizers/{APPID}/refresh ~/authurl ~/component-api/{*}
      ~/component/clear_quota ~/event ~/events/{id}/replay ~/replies/{eventId} ~/subscriptions/match
      ~/subscriptions/{name}/dead-letters/replay ~/subscriptions/{name}/replays
      ~/subscriptions/{name}/replays/{id}/cancel ~/subscriptions/{name}/replays/{id}/pause
      ~/subscriptions/{name}/replays/{id}/resume ~/subscriptions/{name}/rotate-secret ~/subscriptions/{name}/test
      ~/{APPID}/callback /console/session
    `,
    put: words`~/subscriptions/{name}`,
  }).flatMap(([method, paths]) => paths.map((path) => `${method} ${path.replace('~', p)}`))
  t.same(operations.toSorted(), expected.toSorted())
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { security, responses }] of Object.entries(methods)) {
      const name = `${method} ${path}`
      t.ok(Object.keys(responses).length > 0, name)
      t.notOk('default' in responses && Object.keys(responses).length === 1, `${name} describes its answers`)
      t.ok(Array.isArray(security), name)
    }
  }
  t.same(document.paths[`${p}/access_token/{APPID}`]?.['get']?.security, [{ key: [] }])
  t.same(document.paths[`${p}/event`]?.['post']?.security, [])
  t.same(document.paths[`${p}/authurl`]?.['post']?.security, [{ key: [] }, { consoleSession: [], csrfToken: [] }, {}])
  t.same(document.paths['/healthz']?.['get']?.security, [])
})

void t.test('the document lists each operation once: one tag, its own id, its listeners', async (t) => {
  const gateway = createGateway(t)
  const document = (await gateway.internalServer.inject('/openapi.json')).json<Document>()
  await gateway.publicServer.ready()
  const tags = document.tags.map(({ name }) => name)
  const ids: string[] = []
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method} ${path}`
      t.equal(operation.tags.length, 1, name)
      t.ok(
        operation.tags.every((tag) => tags.includes(tag)),
        name,
      )
      t.match(operation.operationId, /^[a-z][A-Za-z]{4,40}$/, name)
      ids.push(operation.operationId)
      const route = { method: method.toUpperCase(), url: path.replaceAll(/\{(\w+)\}/g, ':$1').replace('{*}', '*') }
      const expected = [
        ...(gateway.internalServer.hasRoute(route) ? [{ url: '/', description: 'internal listener' }] : []),
        ...(gateway.publicServer.hasRoute(route) ? [{ url: /^https?:/, description: 'public listener' }] : []),
      ]
      t.match(operation.servers, expected, name)
      t.equal(operation.servers.length, expected.length, name)
    }
  }
  t.same(ids.length, new Set(ids).size, 'every id once')
  t.same(
    tags.filter(
      (tag) =>
        !Object.values(document.paths).some((methods) => Object.values(methods).some(({ tags: [own] }) => own === tag)),
    ),
    [],
  )
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, schema = '']) => schema,
  )
  t.ok(references.length > 0)
  for (const schema of references) t.ok(schema in document.components.schemas && !schema.startsWith('def-'), schema)
})

void t.test('the documentation page loads nothing from elsewhere', async (t) => {
  const { internalServer } = createGateway(t)
  const page = await internalServer.inject('/docs/')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-type'], /^text\/html/)
  t.notMatch(page.body, /https?:\/\//)
  t.match(page.headers['content-security-policy'], "default-src 'self'")
  t.notMatch(String(page.headers['content-security-policy']), 'https:')
  t.match((await internalServer.inject('/docs/json')).json(), { openapi: '3.1.0' })
})
