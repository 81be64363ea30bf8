// Owns: that every push of the table is refused in process: by which code, and that it cost nothing.
import t from 'tap'
import { APPID_A, NOW_MS } from './samples.ts'
import { createGateway, PREFIX, refusalOf } from './gateway-fixture.ts'
import { refusedPushes } from './refused-pushes.ts'
import {
  COMPONENT_APPID,
  componentDocument,
  PUSH_AES_KEY,
  PUSH_TOKEN,
  queryText,
  sealPush,
  textMessage,
} from './sealed-push.ts'

const NOW = NOW_MS / 1000
const XML = { 'content-type': 'text/xml' }
const CANARY = 'canary-of-the-client'

const ROWS = refusedPushes({
  token: PUSH_TOKEN,
  aesKey: PUSH_AES_KEY,
  componentAppId: COMPONENT_APPID,
  nowSeconds: NOW,
  canary: CANARY,
  plaintext: componentDocument('x', NOW),
})

for (const route of ['event', `${APPID_A}/callback`]) {
  void t.test(`${route.includes('/') ? 'callback' : route} refuses, echoes nothing and asks nobody`, async (t) => {
    const gateway = createGateway(t)
    for (const { id, name: about, status, code, query, rawQuery, body, headers } of ROWS) {
      const name = `${id} ${about}`
      const codes = [code].flat()
      const answer = await gateway.publicServer.inject({
        method: 'POST',
        url: `${PREFIX}/${route}?${rawQuery ?? queryText(query)}`,
        headers: { ...XML, ...headers },
        payload: body,
      })
      t.equal(answer.statusCode, status, name)
      const { requestId, message, ...rest } = answer.json()
      t.match(rest, { statusCode: status, error: String }, name)
      t.ok(codes.includes(rest.code), `${name}: ${rest.code}`)
      t.same(Object.keys(rest).toSorted(), ['code', 'error', 'statusCode'], name)
      t.ok(typeof requestId === 'string' && typeof message === 'string', name)
      t.match(answer.headers['content-type'], /^application\/json/, name)
      t.equal(answer.headers['x-content-type-options'], 'nosniff', name)
      t.equal(answer.headers['cache-control'], 'no-store', name)
      t.notMatch(answer.body, CANARY, name)
    }
    t.equal(gateway.fake.calls.length, 0, 'no call to the store')
    const uncounted = ROWS.filter(
      ({ code }, index) => ![code].flat().some((one) => gateway.fake.counted[index] === `${one} 127.0.0.1`),
    )
    t.same(uncounted, [], 'each is counted')
    t.notMatch(JSON.stringify(gateway.lines), CANARY)

    const { query, body } = sealPush(textMessage({ createTime: NOW }), NOW)
    const url = `${PREFIX}/${route}?${queryText(query)}`
    const good = await gateway.publicServer.inject({ method: 'POST', url, headers: XML, payload: body })
    t.equal(good.body, 'success', 'a good one afterwards')
    await gateway.publicServer.inject({ url: `${PREFIX}/${route}` })
    t.same(gateway.fake.counted.slice(ROWS.length), ['pushes'], 'only pushes are')
  })
}

void t.test('a body of exactly 1 MiB is read', async (t) => {
  const gateway = createGateway(t)
  const { query, body } = sealPush(componentDocument('x', NOW), NOW)
  const payload = body + ' '.repeat(1_048_576 - body.length)
  const url = `${PREFIX}/event?${queryText(query)}`
  t.equal((await gateway.publicServer.inject({ method: 'POST', url, headers: XML, payload })).body, 'success')
})

void t.test('an unknown platform is told before anything else', async (t) => {
  const gateway = createGateway(t)
  for (const url of [
    '/apis/v1/wx/other/event',
    `/apis/v1/wx/other/${APPID_A}/callback`,
    '/apis/v1/wx/__proto__/event',
  ]) {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await gateway.publicServer.inject({ method, url })
      t.equal(refusalOf(answer), '404 PLATFORM_NOT_FOUND', url)
    }
  }
})
