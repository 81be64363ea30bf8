// Owns: GET on the push URLs: echostr comes back only to whom knows the token.
import t from 'tap'
import { APPID_A, NOW_MS } from './samples.ts'
import { createGateway, PREFIX, refusalOf } from './gateway-fixture.ts'
import { COMPONENT_APPID, PUSH_TOKEN, queryText, sign } from './sealed-push.ts'

const NOW = NOW_MS / 1000

function signed(overrides: Record<string, string> = {}): Record<string, string> {
  const query = { timestamp: String(NOW), nonce: 'n1', echostr: '5838479218127813673', ...overrides }
  return { signature: sign([PUSH_TOKEN, query.timestamp, query.nonce]), ...query, ...overrides }
}

void t.test('echostr comes back as text when the signature is right', async (t) => {
  const { publicServer, fake } = createGateway(t)
  for (const path of ['event', `${APPID_A}/callback`]) {
    const answer = await publicServer.inject(`${PREFIX}/${path}?${queryText(signed())}`)
    t.equal(answer.statusCode, 200)
    t.equal(answer.body, '5838479218127813673')
    t.match(answer.headers['content-type'], /^text\/plain/)
    t.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
  t.equal(fake.calls.length, 0)
})

const REFUSALS: Array<[string, Record<string, string>, number, string]> = [
  ['no parameters', {}, 401, 'SIGNATURE_MISMATCH'],
  ['only echostr', { echostr: 'x' }, 401, 'SIGNATURE_MISMATCH'],
  ['a wrong signature', signed({ signature: 'a'.repeat(40) }), 401, 'SIGNATURE_MISMATCH'],
  ['a short signature', signed({ signature: 'a' }), 401, 'SIGNATURE_MISMATCH'],
  ['an old timestamp', signed({ timestamp: String(NOW - 601) }), 401, 'TIMESTAMP_OUT_OF_RANGE'],
  ['a timestamp that is none', signed({ timestamp: '17672256e2' }), 401, 'TIMESTAMP_OUT_OF_RANGE'],
  ['markup as echostr', signed({ echostr: '<script>alert(1)</script>' }), 400, 'INVALID_REQUEST'],
  ['an endless echostr', signed({ echostr: 'a'.repeat(257) }), 400, 'INVALID_REQUEST'],
  ['an empty echostr', signed({ echostr: '' }), 400, 'INVALID_REQUEST'],
]

void t.test('anything else is refused and not reflected', async (t) => {
  const { publicServer } = createGateway(t)
  for (const [name, query, status, code] of REFUSALS) {
    const answer = await publicServer.inject(`${PREFIX}/event?${queryText(query)}`)
    t.equal(refusalOf(answer), `${status} ${code}`, name)
    t.notMatch(answer.body, '<script>')
  }
  t.equal((await publicServer.inject(`${PREFIX}/${COMPONENT_APPID}/callback?${queryText(signed())}`)).statusCode, 400)
  t.equal((await publicServer.inject(`${PREFIX}/nothing/callback?${queryText(signed())}`)).statusCode, 400)
})
