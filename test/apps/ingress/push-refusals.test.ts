// Owns: every push that is refused: by which code, and that it cost nothing.
import { createCipheriv } from 'node:crypto'
import t from 'tap'
import { APPID_A, NOW_MS } from './fake-platform.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { componentDocument, PUSH_AES_KEY, PUSH_TOKEN, queryText, sealPush, sign, textMessage, type SealedPush } from './sealed-push.ts'

const NOW = NOW_MS / 1000
const XML = { 'content-type': 'text/xml' }
const CANARY = 'canary-of-the-client'

type Row = {
  name: string
  status: number
  code: string
  change(push: SealedPush): Partial<SealedPush> & { headers?: Record<string, string>; rawQuery?: string; payload?: Buffer }
}

const without = (push: SealedPush, name: string) => ({ query: Object.fromEntries(Object.entries(push.query).filter(([key]) => key !== name)) })
const withQuery = (push: SealedPush, query: Record<string, string>) => ({ query: { ...push.query, ...query } })
/** A signature that fits whatever stands in the envelope. */
function resigned(push: SealedPush, encrypt: string, body = `<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`): SealedPush {
  const { timestamp = '', nonce = '' } = push.query
  return { query: { ...push.query, msg_signature: sign([PUSH_TOKEN, timestamp, nonce, encrypt]) }, body }
}
function encryptRaw(bytes: Buffer): string {
  const cipher = createCipheriv('aes-256-cbc', PUSH_AES_KEY, PUSH_AES_KEY.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64')
}

const ROWS: Row[] = [
  { name: 'no query at all', status: 401, code: 'SIGNATURE_MISMATCH', change: () => ({ query: {} }) },
  { name: 'no msg_signature', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => without(push, 'msg_signature') },
  { name: 'no timestamp', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => without(push, 'timestamp') },
  { name: 'no nonce', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => without(push, 'nonce') },
  { name: 'another signature', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => withQuery(push, { msg_signature: 'a'.repeat(40) }) },
  { name: 'a short signature', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => withQuery(push, { msg_signature: 'a'.repeat(39) }) },
  { name: 'a long signature', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => withQuery(push, { msg_signature: 'a'.repeat(4000) }) },
  { name: 'NUL in the signature', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => withQuery(push, { msg_signature: 'a\0' }) },
  { name: 'emoji in the signature', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => withQuery(push, { msg_signature: '😀' }) },
  {
    name: 'a signature in upper case',
    status: 401,
    code: 'SIGNATURE_MISMATCH',
    change: (push) => withQuery(push, { msg_signature: (push.query['msg_signature'] ?? '').toUpperCase() }),
  },
  { name: 'another nonce', status: 401, code: 'SIGNATURE_MISMATCH', change: (push) => withQuery(push, { nonce: 'other' }) },
  {
    name: 'an old timestamp, correctly signed',
    status: 401,
    code: 'TIMESTAMP_OUT_OF_RANGE',
    change: () => sealPush(componentDocument('x', NOW), NOW - 601),
  },
  {
    name: 'a timestamp of the future, correctly signed',
    status: 401,
    code: 'TIMESTAMP_OUT_OF_RANGE',
    change: () => sealPush(componentDocument('x', NOW), NOW + 601),
  },
  {
    name: 'timestamp and nonce swapped, which leaves the signature valid',
    status: 401,
    code: 'TIMESTAMP_OUT_OF_RANGE',
    change: ({ query, body }) => ({ query: { ...query, timestamp: query['nonce'] ?? '', nonce: query['timestamp'] ?? '' }, body }),
  },
  { name: 'a repeated parameter', status: 400, code: 'INVALID_REQUEST', change: ({ query }) => ({ rawQuery: `${queryText(query)}&nonce=x` }) },
  { name: 'a broken percent encoding', status: 400, code: 'INVALID_REQUEST', change: ({ query }) => ({ rawQuery: `${queryText(query)}&x=%zz` }) },
  { name: 'NUL in a parameter that is not signed', status: 400, code: 'INVALID_REQUEST', change: (push) => withQuery(push, { openid: 'a\0' }) },
  { name: 'plain XML', status: 400, code: 'NOT_ENCRYPTED', change: () => ({ body: textMessage({ createTime: NOW }) }) },
  { name: 'an empty body', status: 400, code: 'MALFORMED_PUSH', change: () => ({ body: '' }) },
  { name: 'no XML', status: 400, code: 'MALFORMED_PUSH', change: () => ({ body: `{"a":"${CANARY}"}` }) },
  {
    name: 'a DOCTYPE in the envelope',
    status: 400,
    code: 'MALFORMED_PUSH',
    change: ({ body }) => ({ body: `<!DOCTYPE x SYSTEM "http://${CANARY}/">${body}` }),
  },
  { name: 'no base64', status: 400, code: 'MALFORMED_PUSH', change: (push) => resigned(push, '$%^&') },
  { name: 'bytes that are not UTF-8', status: 400, code: 'MALFORMED_PUSH', change: () => ({ payload: Buffer.from([0xff, 0xfe, 0x3c]) }) },
  { name: 'a cut ciphertext', status: 400, code: 'MALFORMED_PUSH', change: (push) => resigned(push, encryptRaw(Buffer.alloc(16, 1))) },
  { name: 'unequal padding', status: 400, code: 'MALFORMED_PUSH', change: (push) => resigned(push, encryptRaw(Buffer.alloc(64, 3))) },
  {
    name: 'another AES key',
    status: 400,
    code: 'MALFORMED_PUSH',
    change: () => sealPush(componentDocument('x', NOW), NOW, { aesKey: Buffer.alloc(32, 9) }),
  },
  {
    name: 'another receiveid',
    status: 403,
    code: 'APPID_MISMATCH',
    change: () => sealPush(componentDocument('x', NOW), NOW, { receiveId: 'wxc000000000000999' }),
  },
  { name: 'JSON', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': 'application/json' } }) },
  { name: 'a form', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' } }) },
  { name: 'multipart', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': 'multipart/form-data; boundary=x' } }) },
  { name: 'text/plain', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': 'text/plain' } }) },
  { name: 'no media type at all in the header', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': CANARY } }) },
  { name: 'GBK', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': 'text/xml; charset=gbk' } }) },
  { name: 'UTF-16', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { 'content-type': 'text/xml; charset="utf-16"' } }) },
  ...['gzip', 'br', 'deflate', 'identity'].map((encoding): Row => {
    return { name: `content-encoding ${encoding}`, status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', change: () => ({ headers: { ...XML, 'content-encoding': encoding } }) }
  }),
  {
    name: 'a body over 1 MiB',
    status: 413,
    code: 'BODY_TOO_LARGE',
    change: ({ body }) => ({ body: body + ' '.repeat(1_048_577 - body.length) }),
  },
]

for (const route of ['event', `${APPID_A}/callback`]) {
  void t.test(`${route.includes('/') ? 'callback' : route} refuses, echoes nothing and asks nobody`, async (t) => {
    const gateway = createGateway(t)
    for (const { name, status, code, change } of ROWS) {
      const push = sealPush(componentDocument('x', NOW), NOW)
      const { headers = XML, rawQuery, payload, ...changed } = change(push)
      const { query, body } = { ...push, ...changed }
      const answer = await gateway.publicServer.inject({
        method: 'POST',
        url: `${PREFIX}/${route}?${rawQuery ?? queryText(query)}`,
        headers,
        payload: payload ?? body,
      })
      t.equal(answer.statusCode, status, name)
      const { requestId, message, ...rest } = answer.json()
      t.match(rest, { statusCode: status, code, error: String }, name)
      t.same(Object.keys(rest).toSorted(), ['code', 'error', 'statusCode'], name)
      t.ok(typeof requestId === 'string' && typeof message === 'string', name)
      t.match(answer.headers['content-type'], /^application\/json/, name)
      t.equal(answer.headers['x-content-type-options'], 'nosniff', name)
      t.equal(answer.headers['cache-control'], 'no-store', name)
      t.notMatch(answer.body, CANARY, name)
    }
    t.equal(gateway.fake.calls.length, 0, 'no call to the store')
    t.same(gateway.fake.counted, ROWS.map(({ code }) => `${code} 127.0.0.1`), 'each is counted')
    t.notMatch(JSON.stringify(gateway.lines), CANARY)

    const { query, body } = sealPush(textMessage({ createTime: NOW }), NOW)
    const url = `${PREFIX}/${route}?${queryText(query)}`
    t.equal((await gateway.publicServer.inject({ method: 'POST', url, headers: XML, payload: body })).body, 'success', 'a good one afterwards')
    await gateway.publicServer.inject({ url: `${PREFIX}/${route}` })
    t.same(gateway.fake.counted.slice(ROWS.length), ['pushes'], 'only pushes are')
  })
}

void t.test('a body of exactly 1 MiB is read', async (t) => {
  const gateway = createGateway(t)
  const { query, body } = sealPush(componentDocument('x', NOW), NOW)
  const payload = body + ' '.repeat(1_048_576 - body.length)
  const answer = await gateway.publicServer.inject({ method: 'POST', url: `${PREFIX}/event?${queryText(query)}`, headers: XML, payload })
  t.equal(answer.body, 'success')
})

void t.test('an unknown platform is told before anything else', async (t) => {
  const gateway = createGateway(t)
  for (const url of ['/apis/v1/wx/other/event', `/apis/v1/wx/other/${APPID_A}/callback`, '/apis/v1/wx/__proto__/event']) {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await gateway.publicServer.inject({ method, url })
      t.equal(answer.statusCode, 404, url)
      t.equal(answer.json().code, 'PLATFORM_NOT_FOUND', url)
    }
  }
})
