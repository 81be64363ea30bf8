// Owns: GET /catalogue: who gets it, and that it is not sent again to those who have it.
import { catalogue } from '@wxgw/catalogue'
import t from 'tap'
import { createGateway, keyOf } from './gateway-fixture.ts'
import { grantsOf } from './granted-gateway.ts'

void t.test('any key reads the catalogue, whatever its rights', async (t) => {
  const { request } = createGateway(t, { grants: { narrow: grantsOf({ platforms: [], actions: [] }) } })
  const answer = await request('/catalogue', { key: keyOf('narrow') })
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^application\/json/)
  t.same(answer.json(), catalogue)
})

void t.test('nobody reads it without a key, and not from the public listener', async (t) => {
  const { internalServer, publicServer } = createGateway(t)
  t.match((await internalServer.inject('/catalogue')).json(), { statusCode: 401, code: 'UNAUTHENTICATED' })
  t.match((await publicServer.inject('/catalogue')).json(), { statusCode: 404, code: 'ROUTE_NOT_FOUND' })
})

void t.test('who has it is told that it is as it was', async (t) => {
  const { internalServer, bearer } = createGateway(t)
  const get = async (tags?: string) => {
    const headers = { ...bearer(), ...(tags === undefined ? {} : { 'if-none-match': tags }) }
    return internalServer.inject({ url: '/catalogue', headers })
  }
  const { etag = '', 'cache-control': caching } = (await get()).headers
  t.match(etag, /^"[\w-]{43}"$/)
  t.equal(caching, 'private, no-cache')
  for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await get(tags)
    t.equal(answer.statusCode, 304, tags)
    t.equal(answer.body, '')
    t.equal(answer.headers.etag, etag)
    t.equal(answer.headers['content-length'], undefined, 'no length of another body')
  }
  t.equal((await get('"other"')).statusCode, 200)
})
