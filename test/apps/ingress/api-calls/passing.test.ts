// Owns: what of a call reaches WeChat, and what of WeChat's answer reaches the caller.
import { request } from 'node:http'
import t from 'tap'
import { until } from '../../../helpers/until.ts'
import { APPID_A, SECRETS } from '../samples.ts'
import { PREFIX, ROOT_KEY } from '../gateway-fixture.ts'
import { exchange } from '../raw-client.ts'
import { startCallGateway } from './call-gateway.ts'
import { bytes } from './wechat-double.ts'

const API = `api/${APPID_A}`
const { call, wechat, port, fake, bearer } = await startCallGateway(t, {
  grants: { caller: [{ platforms: undefined, authorizers: undefined, actions: ['api:call'] }] },
})
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 255])

void t.test('method, path, query, content type and body go out byte for byte, and no other header', async (t) => {
  const rows: Array<[string, string, string]> = [
    ['/cgi-bin/user/info?openid=oA&lang=zh_CN', '/cgi-bin/user/info', 'openid=oA&lang=zh_CN'],
    ['/a?b=%E4%BD%A0&c=%zz&d&&e=1&e=2&f=+%2B', '/a', 'b=%E4%BD%A0&c=%zz&d&&e=1&e=2&f=+%2B'],
    ['/%E4%BD%A0/x;y=1/@:$,~?', '/%E4%BD%A0/x;y=1/@:$,~', ''],
    ['/x?access_token=one&a=1&component_access_token=two&access%5ftoken=three&ACCESS_TOKEN=4', '/x', 'a=1'],
    ['/x?access_token[]=1&access_token[a]b=2&access_token%00=3&a=1&+access_token%09[=4', '/x', 'a=1'],
    ['/x?a=access_token&token=mine', '/x', 'a=access_token&token=mine'],
    ['/', '/', ''],
  ]
  for (const [target, path, query] of rows) {
    const { status } = await exchange(
      port,
      `GET ${PREFIX}/${API}${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ROOT_KEY}\r\nX-Custom: 1\r\nCookie: a=b\r\n` +
        `User-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`,
    )
    t.equal(status, 200, target)
    const seen = wechat.last()
    t.same([seen.method, seen.path, seen.query], ['GET', path, query], target)
    t.same(Object.keys(seen.headers).toSorted(), ['accept-encoding', 'connection', 'host'], target)
    t.equal(seen.headers['accept-encoding'], 'identity')
    t.match(wechat.seen.at(-1)?.url, `access_token=${SECRETS.accessToken}`)
  }
  const escaped = Buffer.from('{"content":"\\u4f60\\u597d 你好"}')
  for (const type of ['application/json', 'text/plain; charset=gbk', 'nonsense', 'multipart/form-data; boundary=x']) {
    const answer = await call(`${API}/cgi-bin/message/custom/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': type },
      body: escaped,
    })
    t.equal(answer.status, 200, type)
    const { headers, body } = wechat.last()
    t.equal(headers['content-type'], type)
    t.equal(headers['content-length'], String(escaped.length))
    t.ok(body.equals(escaped), 'the body is as it came')
  }
})

void t.test('a body of known length never goes out chunked; a chunked one up to 1 MiB gets a length', async (t) => {
  const send = (pieces: readonly Buffer[], headers: Record<string, string | number>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(
        {
          port,
          method: 'POST',
          path: `${PREFIX}/${API}/x`,
          headers: { authorization: `Bearer ${ROOT_KEY}`, ...headers },
        },
        (response) => {
          response.resume()
          response.on('end', () => resolve(response.statusCode))
        },
      )
      outgoing.on('error', reject)
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    })
  const mib = Buffer.alloc(1_048_576, 'a')
  const rows: Array<[string, readonly Buffer[], Record<string, string | number>, string | undefined]> = [
    ['small, known', [Buffer.from('a'), Buffer.from('b')], { 'content-length': 2 }, '2'],
    ['large, known', [mib, mib], { 'content-length': 2 * mib.length }, String(2 * mib.length)],
    ['small, chunked', [Buffer.from('a'), Buffer.from('b')], { 'transfer-encoding': 'chunked' }, '2'],
    ['1 MiB, chunked', [mib], { 'transfer-encoding': 'chunked' }, String(mib.length)],
    ['more, chunked', [mib, Buffer.from('a')], { 'transfer-encoding': 'chunked' }, undefined],
    ['nothing, chunked', [], { 'transfer-encoding': 'chunked' }, '0'],
    ['nothing', [], { 'content-length': 0 }, '0'],
  ]
  for (const [name, pieces, headers, length] of rows) {
    t.equal(await send(pieces, headers), 200, name)
    const seen = wechat.last()
    t.equal(seen.headers['content-length'], length, name)
    t.equal(seen.headers['transfer-encoding'], length === undefined ? 'chunked' : undefined, name)
    t.ok(seen.body.equals(Buffer.concat(pieces)), name)
  }
})

void t.test('an upload reaches WeChat while it is still being sent, however small it is', async (t) => {
  const heads: string[] = []
  wechat.onHead((incoming) => void incoming.on('data', (chunk: Buffer) => heads.push(chunk.toString())))
  const outgoing = request({
    port,
    method: 'POST',
    path: `${PREFIX}/${API}/x`,
    headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-length': 6 },
  })
  const answered = new Promise<void>((resolve) =>
    outgoing.on('response', (response) => response.resume().on('end', () => resolve())),
  )
  outgoing.write('abc')
  await until('the first half is there', () => heads.join('') === 'abc')
  outgoing.end('def')
  await answered
  t.equal(wechat.last().body.toString(), 'abcdef')
})

void t.test('of the answer, status, the listed headers and the bytes pass, and nothing of x-gateway', async (t) => {
  wechat.answer(
    bytes(
      PNG,
      {
        'content-type': 'image/png',
        'content-disposition': 'attachment; filename="\u00e4.png"',
        'content-length': PNG.length,
        server: 'nginx',
        'set-cookie': 'a=b',
        etag: 'x',
        'x-gateway-error': 'FAKE',
        'x-gateway-attempts': '9',
        'x-wechat-errcode': '1',
      },
      206,
    ),
  )
  const answer = await call(`${API}/cgi-bin/media/get?media_id=m`)
  t.equal(answer.status, 206)
  t.ok(Buffer.from(await answer.arrayBuffer()).equals(PNG))
  const { date: _, connection: _c, 'keep-alive': _k, ...headers } = Object.fromEntries(answer.headers)
  t.same(headers, {
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="\u00e4.png"',
    'content-length': String(PNG.length),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-gateway-attempts': '1',
  })

  wechat.answer(bytes('nothing known', {}))
  const untyped = await call(`${API}/x`)
  t.equal(untyped.headers.get('content-type'), null)
  t.equal(await untyped.text(), 'nothing known')
  wechat.answer(bytes('', {}, 204))
  t.equal((await call(`${API}/x`)).status, 204)
})

void t.test('an errcode is one at the top of a JSON object of up to 64 KiB, in a text of any kind', async (t) => {
  const refusal = '{"errcode":45015,"errmsg":"out of time rid: 6523f8ee-1a2b3c4d-5e6f7a8b"}'
  const padded = (length: number) => `{"errcode":1,"x":"${'a'.repeat(length - 20)}"}`
  const rows: Array<[string, string | Buffer, string | undefined, string | null]> = [
    ['json', refusal, 'application/json', '45015'],
    ['json with a charset', refusal, 'application/json; encoding=utf-8', '45015'],
    ['plain text', refusal, 'text/plain', '45015'],
    ['html', refusal, 'text/html', '45015'],
    ['no type', refusal, undefined, '45015'],
    ['vendor json', refusal, 'application/vnd.x+json', '45015'],
    ['an image', refusal, 'image/jpeg', null],
    ['octets', refusal, 'application/octet-stream', null],
    ['zero', '{"errcode":0,"errmsg":"ok"}', 'application/json', null],
    ['none', '{"openid":"o"}', 'application/json', null],
    ['as a text', '{"errcode":"40013"}', 'application/json', '40013'],
    ['negative', '{"errcode":-1}', 'application/json', '-1'],
    ['within', '{"data":{"errcode":1}}', 'application/json', null],
    ['in a list', '[{"errcode":1}]', 'application/json', null],
    ['in a string', '{"a":"\\"errcode\\":1"}', 'application/json', null],
    ['no number', '{"errcode":"x"}', 'application/json', null],
    ['broken', '{"errcode":1', 'application/json', null],
    ['a text before it', 'x{"errcode":1}', 'text/plain', null],
    ['a mark before it', Buffer.from('\ufeff \n{"errcode":1}'), 'application/json', '1'],
    ['escaped', '{"\\u0065rrcode":7}', 'application/json', '7'],
    ['64 KiB', padded(65_536), 'application/json', '1'],
    ['a byte more', padded(65_537), 'application/json', null],
    ['nothing', '', 'application/json', null],
  ]
  for (const [name, body, type, errcode] of rows) {
    for (const chunked of [false, true]) {
      wechat.answer((response) => {
        response.writeHead(200, {
          ...(type ? { 'content-type': type } : {}),
          ...(chunked ? {} : { 'content-length': Buffer.byteLength(body) }),
        })
        if (chunked) response.write(body.slice(0, 3))
        response.end(chunked ? body.slice(3) : body)
      })
      const answer = await call(`${API}/x`)
      t.equal(answer.headers.get('x-wechat-errcode'), errcode, `${name}${chunked ? ', in pieces' : ''}`)
      t.ok(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(body)), name)
      const found = answer.headers.get('x-wechat-rid')
      t.equal(found, body === refusal && errcode ? '6523f8ee-1a2b3c4d-5e6f7a8b' : null, name)
    }
  }
})

void t.test('what does not begin as JSON streams at once, and what is cut off at WeChat is cut off here', async (t) => {
  for (const [type, body] of [
    ['image/png', PNG],
    ['text/plain', Buffer.from('plain')],
  ] as const) {
    let cut = () => {}
    wechat.answer((response) => {
      response.writeHead(200, { 'content-type': type, 'content-length': 1000 })
      response.write(body)
      cut = () => response.destroy()
    })
    const answer = await call(`${API}/x`)
    const reader = answer.body?.getReader()
    t.ok(Buffer.from((await reader?.read())?.value ?? []).equals(body), `${type} comes before it is complete`)
    cut()
    await t.rejects(Promise.resolve(reader?.read()), `${type} is cut off`)
  }
})

void t.test('10 MB pass both ways', async (t) => {
  const large = Buffer.alloc(10_000_000, 'abc')
  wechat.answer((response, _request, body) => {
    response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': body.length })
    response.end(body)
  })
  const answer = await call(`${API}/x`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ROOT_KEY}` },
    body: large,
  })
  t.ok(Buffer.from(await answer.arrayBuffer()).equals(large))
})

void t.test('a redirect is not followed, and its address holds no token', async (t) => {
  const token = SECRETS.accessToken
  const before = wechat.seen.length
  const rows: Array<[string, string]> = [
    [`https://mp.weixin.qq.com/a?access_token=${token}&b=1`, 'https://mp.weixin.qq.com/a?b=1'],
    [`https://mp.weixin.qq.com/a?access_token=${token}`, 'https://mp.weixin.qq.com/a'],
    [`/a?b=%20&component_access_token=x#c`, '/a?b=%20#c'],
    [`/a/${token}/b`, '/a//b'],
    [`/a#access_token=${token}`, '/a#'],
    ['/a?b=1&b=2', '/a?b=1&b=2'],
  ]
  for (const [given, passed] of rows) {
    wechat.answer(bytes('', { location: given }, 302))
    const answer = await call(`${API}/x`)
    t.equal(answer.status, 302)
    t.equal(answer.headers.get('location'), passed)
  }
  t.equal(wechat.seen.length - before, rows.length)
})

void t.test('the component has the parameter that its path wants, and its appid where it belongs', async (t) => {
  wechat.answer({ errcode: 0 })
  const own = String(fake.platform.componentAppId)
  const rows: Array<[string, string]> = [
    [
      '/cgi-bin/component/anything?a=1',
      `/cgi-bin/component/anything?component_access_token=${SECRETS.componentToken}&a=1`,
    ],
    ['/wxa/gettemplatelist', `/wxa/gettemplatelist?access_token=${SECRETS.componentToken}`],
    [
      '/wxa/gettemplatelist?access_token=a&component_access_token=b',
      `/wxa/gettemplatelist?access_token=${SECRETS.componentToken}`,
    ],
    [
      '/sns/component/jscode2session?appid=wx1&js_code=c',
      `/sns/component/jscode2session?component_access_token=${SECRETS.componentToken}&appid=wx1&js_code=c&component_appid=${own}`,
    ],
    [
      '/sns/oauth2/component/access_token?component_appid=wxmine',
      `/sns/oauth2/component/access_token?component_access_token=${SECRETS.componentToken}&component_appid=wxmine`,
    ],
  ]
  for (const [path, url] of rows) {
    t.equal((await call(`component-api${path}`)).status, 200, path)
    t.equal(wechat.seen.at(-1)?.url, url)
  }
})

void t.test('a caller without tokens:read does not find the token in what WeChat answers', async (t) => {
  const headers = bearer('caller'.padEnd(40, '.'))
  const said = (token: string) => `{"errcode":1,"errmsg":"${token} is no ${token}"}`
  for (const [type, prefix] of [
    ['application/json', ''],
    ['text/plain', 'x'],
    ['image/png', 'y'.repeat(70_000)],
  ] as const) {
    const body = prefix + said(SECRETS.accessToken)
    for (const cut of [5, body.length - 20]) {
      wechat.answer((response) => {
        response.writeHead(200, { 'content-type': type, 'content-length': body.length })
        response.write(body.slice(0, cut), () => setImmediate(() => response.end(body.slice(cut))))
      })
      const found = await (await call(`${API}/x`, { headers })).text()
      t.equal(found, prefix + said('x'.repeat(SECRETS.accessToken.length)), type)
      t.equal(await (await call(`${API}/x`)).text(), body, 'who may read it gets the bytes')
    }
  }
})
