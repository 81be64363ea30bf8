// Owns: the files of the console's page: how they are served, and that nothing else is.
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { words } from '../../helpers/words.ts'
import { createGateway, type Fixture } from './gateway-fixture.ts'

const ended = { end: async () => undefined, isEnded: async () => false }
const SCRIPT = '/console/assets/app-1a2b3c.js'

function withSite(t: Test): Fixture {
  const site = {
    'index.html': '<!doctype html>page',
    '.hidden': 'hidden',
    assets: { 'app-1a2b3c.js': 'script', 'app-1a2b3c.js.br': 'brotli', 'app-1a2b3c.js.gz': 'gzip' },
  }
  const dir = t.testdir({ 'secret.txt': 'outside', site })
  return createGateway(t, { console: { siteDir: join(dir, 'site'), ended } })
}

void t.test('the page is not kept by browsers, its hashed files are for ever', async (t) => {
  const { internalServer } = withSite(t)
  const page = await internalServer.inject('/console/')
  t.match(page, { statusCode: 200, body: /page/ })
  t.match(page.headers, {
    'content-type': /^text\/html/,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  const script = await internalServer.inject(SCRIPT)
  t.match(script.headers, { 'content-type': /javascript/, 'cache-control': 'public, max-age=31536000, immutable' })
  t.match(await internalServer.inject('/console'), { statusCode: 308, headers: { location: '/console/' } })
})

void t.test('no script of another origin or within the page runs, and no other page frames it', async (t) => {
  const { internalServer } = withSite(t)
  for (const url of ['/console/', SCRIPT]) {
    const { headers } = await internalServer.inject(url)
    const policy = String(headers['content-security-policy'])
    t.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/)
    t.notMatch(policy, /unsafe/)
    t.equal(headers['x-frame-options'], 'DENY')
  }
})

void t.test('what was compressed at build time is sent so to whoever takes it', async (t) => {
  const { internalServer } = withSite(t)
  for (const [accepted, encoding, body] of [
    ['br, gzip', 'br', 'brotli'],
    ['gzip', 'gzip', 'gzip'],
    ['identity', undefined, 'script'],
  ] as const) {
    const answer = await internalServer.inject({ url: SCRIPT, headers: { 'accept-encoding': accepted } })
    t.equal(answer.headers['content-encoding'], encoding)
    t.equal(answer.body, body)
    t.match(answer.headers['content-type'], /javascript/)
    t.match(answer.headers, { 'cache-control': /immutable/ })
  }
})

void t.test('no path leads out of the site, and a hidden file is none', async (t) => {
  const { internalServer } = withSite(t)
  await internalServer.listen({ host: '127.0.0.1', port: 0 })
  const { port } = internalServer.server.address() as AddressInfo
  const ways = words`
    ../secret.txt ..%2fsecret.txt %2e%2e/secret.txt assets/../../secret.txt ..%5csecret.txt %252e%252e/secret.txt
  `
  for (const way of [...ways, './/secret.txt', '/etc/passwd', '%00', '.hidden', 'assets', 'assets/', 'nothing.js']) {
    const { status, body } = await rawGet(port, `/console/${way}`)
    t.ok(status >= 400 && status < 500, `${way} answered ${status}`)
    t.notMatch(body, /outside|root:|hidden/)
    t.match(JSON.parse(body), { statusCode: status, code: String }, way)
  }
})

void t.test('a page that was not built says how to build it', async (t) => {
  const { internalServer, lines } = createGateway(t)
  for (const url of ['/console/', SCRIPT]) {
    t.match((await internalServer.inject(url)).json(), { statusCode: 404, message: /npm run build/ })
  }
  t.ok(lines.some(({ message }) => message === 'console.not_built'))
})

/** Without a client that would tidy the path up. */
function rawGet(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (part: string) => (body += part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    sent.on('error', reject).end()
  })
}
