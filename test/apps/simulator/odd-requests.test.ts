// Owns: that what nobody foresaw is answered in WeChat's way, and that no answer repeats a token.
import { startSimulator } from '@wxgw/simulator'
import { once } from 'node:events'
import { connect } from 'node:net'
import { got, type Method, type OptionsOfTextResponseBody as Options } from 'got'
import t from 'tap'
import { words } from '../../helpers/words.ts'

const CANARY = 'canary-token'
const API_PATHS = words`
  /cgi-bin/menu/nothing /sns/userinfo /wxa/commit /datacube/getusersummary / /cgi-bin//token /wxa/%zz
`
const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

async function world(t: { teardown(fn: () => Promise<void>): void }) {
  const errors: unknown[] = []
  const simulator = await startSimulator({ onError: (error) => errors.push(error) })
  t.teardown(() => simulator.close())
  const ask = (path: string, options: Options = {}) =>
    got(`${simulator.url}${path}`, { throwHttpErrors: false, retry: { limit: 0 }, followRedirect: false, ...options })
  return { simulator, ask, errors }
}

/** None of it may come back, and nothing may look like the framework's own. */
const FOREIGN = new RegExp(`${CANARY}|FST_|Route |Fastify|statusCode`)

void t.test('an unknown API is 40066 by every method, whatever the body, and repeats nothing', async (t) => {
  const { ask } = await world(t)
  const bodies: Options[] = [
    {},
    { body: `{"access_token":"${CANARY}"`, headers: { 'content-type': 'application/json' } },
    { body: CANARY, headers: { 'content-type': `application/${CANARY}` } },
  ]
  for (const path of API_PATHS) {
    for (const method of METHODS) {
      // The console is there.
      if (path === '/' && method === 'GET') continue
      for (const options of method === 'GET' ? [{}] : bodies) {
        const { statusCode, body, headers } = await ask(`${path}?access_token=${CANARY}`, { method, ...options })
        const what = `${method} ${path} ${JSON.stringify(options)}`
        const found = { statusCode, ...JSON.parse(body) }
        t.match(found, { statusCode: 200, errcode: 40066, errmsg: /^invalid url rid: / }, what)
        t.notMatch(body + JSON.stringify(headers), FOREIGN, what)
      }
    }
  }
})

void t.test('a known API by another method says which one it wants', async (t) => {
  const { ask } = await world(t)
  for (const method of METHODS) {
    const expected = { errcode: method === 'POST' ? 41001 : 43002 }
    t.match(JSON.parse((await ask('/cgi-bin/message/custom/send', { method })).body), expected, method)
    const wanted = { errcode: method === 'GET' ? 41001 : 43001 }
    t.match(JSON.parse((await ask('/cgi-bin/ticket/getticket', { method })).body), wanted, method)
  }
})

void t.test('a body that is no JSON, or too long, is refused without an echo', async (t) => {
  const { simulator, ask } = await world(t)
  const { ticket } = await simulator.pushTicket()
  const path = `/cgi-bin/component/api_component_token?access_token=${CANARY}`
  const odd = [`{"component_verify_ticket":"${ticket}"`, '[1]', 'null', `<xml>${CANARY}</xml>`]
  for (const body of odd)
    t.match(JSON.parse((await ask(path, { method: 'POST', body })).body), { errcode: 47001 }, body.slice(0, 9))
  const long = await ask(path, { method: 'POST', body: CANARY.repeat(400_000) })
  t.equal(long.statusCode, 413)
  t.notMatch(long.body + JSON.stringify(long.headers), FOREIGN)
})

void t.test('the authorization page refuses what is no form with its own error page', async (t) => {
  const { ask } = await world(t)
  const odd = [`application/${CANARY}`, 'application/json']
  for (const type of odd) {
    const { statusCode, body } = await ask(`/cgi-bin/componentloginpage?pre_auth_code=${CANARY}`, {
      method: 'POST',
      body: `{"${CANARY}`,
      headers: { 'content-type': type },
    })
    t.match({ statusCode, body }, { statusCode: 400, body: '<h1 class="bad">' }, type)
    t.notMatch(body, FOREIGN)
  }
})

void t.test('the control routes answer in their own shape and repeat no address', async (t) => {
  const { ask } = await world(t)
  const rows: Array<[Method, string, Options, number]> = [
    ['GET', '/_simulator/none', {}, 404],
    ['PUT', '/_simulator/state', {}, 404],
    ['POST', '/_simulator/accounts', { body: '{', headers: { 'content-type': 'application/json' } }, 400],
    ['POST', '/_simulator/accounts', { body: 'x', headers: { 'content-type': `text/${CANARY}` } }, 415],
    ['POST', '/_simulator/component-events', { json: { xml: 'x'.repeat(5_000_000) } }, 413],
  ]
  for (const [method, path, options, status] of rows) {
    const { body } = await ask(`${path}?token=${CANARY}`, { method, ...options })
    t.match(JSON.parse(body), { statusCode: status, message: String }, path)
    t.notMatch(body, /canary|FST_|Route /)
  }
})

void t.test('what is no HTTP is refused as a web server does, not as a framework does', async (t) => {
  const { simulator } = await world(t)
  for (const sent of [
    `NONSENSE ${CANARY}\r\n\r\n`,
    `GET /?access_token=${CANARY} HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
  ]) {
    const socket = connect(simulator.port, '127.0.0.1')
    socket.on('error', () => {})
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.write(sent)
    await once(socket, 'close')
    t.match(answer, /^HTTP\/1\.1 4\d\d /)
    t.notMatch(answer, FOREIGN)
  }
})
