// Owns: rows C of the table of hostile inputs: envelopes that are refused on both push routes, with the contract's statuses. They are
// sent to the listener in process (push-refusals.test.ts) and to real processes (test/hostile/attack-pushes.ts).
import { createCipheriv } from 'node:crypto'
import { type PushOptions, queryText, sealPush, sign, type SealedPush } from './sealed-push.ts'

const SIGNATURE = 'SIGNATURE_MISMATCH'
const MALFORMED = 'MALFORMED_PUSH'
const MEDIA_TYPE = 'UNSUPPORTED_MEDIA_TYPE'
const LIMIT = 1_048_576

export type RefusedPush = {
  /** Of the table. */
  id: string
  name: string
  status: number
  /** One of several, where chance decides. */
  code: string | readonly string[]
  query: Record<string, string>
  /** Instead of `query`. */
  rawQuery?: string
  body: string | Buffer
  headers?: Record<string, string>
}

type Sender = {
  token: string
  aesKey: Buffer
  componentAppId: string
  nowSeconds: number
  /** Must not come back from anywhere. */
  canary: string
  /** A good document of the route. */
  plaintext: string
}

type Change = Partial<Pick<RefusedPush, 'query' | 'rawQuery' | 'body' | 'headers'>>
type Row = [
  id: string,
  name: string,
  status: number,
  code: string | readonly string[],
  change: (push: SealedPush) => Change,
]

export function refusedPushes({ token, aesKey, componentAppId, nowSeconds, canary, plaintext }: Sender): RefusedPush[] {
  const seal = ({ atSeconds = nowSeconds, ...change }: PushOptions & { atSeconds?: number } = {}) =>
    sealPush(plaintext, atSeconds, { token, aesKey, receiveId: componentAppId, ...change })
  const withQuery =
    (query: Record<string, string>) =>
    (push: SealedPush): Change => ({ query: { ...push.query, ...query } })
  const without =
    (name: string) =>
    (push: SealedPush): Change => ({
      query: Object.fromEntries(Object.entries(push.query).filter(([key]) => key !== name)),
    })
  /** Signed all the same: what an insider or a broken sender makes. */
  function signed(push: SealedPush, encrypt: string, change: Change = {}): Change {
    const { timestamp = '', nonce = '' } = { ...push.query, ...change.query }
    const query = { ...push.query, ...change.query, msg_signature: sign([token, timestamp, nonce, encrypt]) }
    return { body: `<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`, ...change, query }
  }
  const encryptOf = ({ body }: SealedPush) => /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? ''
  const document =
    (text: string | ((encrypt: string) => string)) =>
    (push: SealedPush): Change => {
      const encrypt = encryptOf(push)
      return signed(push, encrypt, { body: typeof text === 'string' ? text : text(encrypt) })
    }
  const value =
    (make: (encrypt: string) => string) =>
    (push: SealedPush): Change =>
      signed(push, make(encryptOf(push)))
  const cipher =
    (bytes: Buffer) =>
    (push: SealedPush): Change => {
      const encipher = createCipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
      return signed(push, Buffer.concat([encipher.update(bytes), encipher.final()]).toString('base64'))
    }
  const resigned =
    (query: Record<string, string>) =>
    (push: SealedPush): Change =>
      signed(push, encryptOf(push), { query: { ...push.query, ...query } })
  const sealedWith = (options: Parameters<typeof seal>[0]) => (): Change => seal(options)
  const contentType = (type: string) => (): Change => ({ headers: { 'content-type': type } })
  const swapped = ({ query }: SealedPush): Change => ({
    query: { ...query, timestamp: query['nonce'] ?? '', nonce: query['timestamp'] ?? '' },
  })
  const resplit =
    (by: number) =>
    ({ query }: SealedPush): Change => {
      const [first = '', second = ''] = [query['timestamp'] ?? '', query['nonce'] ?? ''].toSorted()
      const digits = first + second
      return {
        query: { ...query, timestamp: digits.slice(0, first.length + by), nonce: digits.slice(first.length + by) },
      }
    }
  const block = (size: number, fill: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.alloc(size, 0x61)
    fill(bytes)
    return bytes
  }
  const withLength = (length: number) =>
    block(64, (bytes) => {
      bytes.writeUInt32BE(length, 16)
      bytes.fill(12, 52)
    })

  const rows: Row[] = [
    ['C01', 'no query string', 401, SIGNATURE, () => ({ query: {} })],
    ['C02', 'no msg_signature', 401, SIGNATURE, without('msg_signature')],
    ['C03', 'no timestamp', 401, SIGNATURE, without('timestamp')],
    ['C04', 'no nonce', 401, SIGNATURE, without('nonce')],
    [
      'C05',
      'plain mode',
      400,
      'NOT_ENCRYPTED',
      ({ query }) => {
        const { timestamp = '', nonce = '' } = query
        return {
          query: { timestamp, nonce, encrypt_type: 'raw', signature: sign([token, timestamp, nonce]) },
          body: plaintext,
        }
      },
    ],
    [
      'C07',
      'one bit of the signature',
      401,
      SIGNATURE,
      (push) => {
        const [first = '0', ...rest] = push.query['msg_signature'] ?? ''
        return withQuery({ msg_signature: (Number.parseInt(first, 16) ^ 1).toString(16) + rest.join('') })(push)
      },
    ],
    [
      'C08',
      'a signature in upper case',
      401,
      SIGNATURE,
      (push) => withQuery({ msg_signature: (push.query['msg_signature'] ?? '').toUpperCase() })(push),
    ],
    ...['', 'a'.repeat(39), 'a'.repeat(41), 'a'.repeat(4000)].map((text): Row => [
      'C09',
      `a signature of ${text.length} characters`,
      401,
      SIGNATURE,
      withQuery({ msg_signature: text }),
    ]),
    ...['１２３４', '😀', 'a\0', `${canary}<script>`].map((text): Row => [
      'C10',
      `${JSON.stringify(text)} as signature`,
      401,
      SIGNATURE,
      withQuery({ msg_signature: text }),
    ]),
    ['C11', 'the token of nobody', 401, SIGNATURE, sealedWith({ token: 'tokenOfNobody' })],
    ...[(right: string) => [right, 'f'.repeat(40)], (right: string) => ['f'.repeat(40), right]].map((order): Row => [
      'C12',
      'two signatures',
      400,
      'INVALID_REQUEST',
      ({ query }) => {
        const [one = '', two = ''] = order(query['msg_signature'] ?? '')
        return {
          rawQuery: `timestamp=${query['timestamp']}&nonce=${query['nonce']}&msg_signature=${one}&msg_signature=${two}`,
        }
      },
    ]),
    ['C12', 'a repeated nonce', 400, 'INVALID_REQUEST', ({ query }) => ({ rawQuery: `${queryText(query)}&nonce=x` })],
    [
      'C12',
      'a broken percent encoding',
      400,
      'INVALID_REQUEST',
      ({ query }) => ({ rawQuery: `${queryText(query)}&x=%zz` }),
    ],
    ['C12', 'NUL in a parameter that is not signed', 400, 'INVALID_REQUEST', withQuery({ openid: 'a\0' })],
    ...[-3600, 3600, -605, 605].map((by): Row => [
      'C13',
      `${by} s away, well signed`,
      401,
      'TIMESTAMP_OUT_OF_RANGE',
      sealedWith({ atSeconds: nowSeconds + by }),
    ]),
    ...['0', '-1', '1e9', '0x65', '1700000000000', ' 1700000000', '١٧٠٠٠٠٠٠٠٠', '99999999999999999999', 'NaN'].map(
      (timestamp): Row => {
        return [
          'C14',
          `${JSON.stringify(timestamp)} as timestamp, well signed`,
          401,
          'TIMESTAMP_OUT_OF_RANGE',
          resigned({ timestamp }),
        ]
      },
    ),
    ['C15', 'timestamp and nonce swapped', 401, 'TIMESTAMP_OUT_OF_RANGE', swapped],
    ...[-1, 1, -3, 3, -9].map((by): Row => [
      'C16',
      `the digits cut ${by} further`,
      401,
      [SIGNATURE, 'TIMESTAMP_OUT_OF_RANGE'],
      resplit(by),
    ]),
    ...['', 'a'.repeat(1000), 'a\r\nX-Injected: 1', `${canary} x`].map((nonce): Row => [
      'C17',
      `${JSON.stringify(nonce.slice(0, 20))} as nonce`,
      401,
      SIGNATURE,
      resigned({ nonce }),
    ]),
    ['C22', "another message's body", 401, SIGNATURE, () => ({ body: seal().body })],
    ['C24', 'an empty body', 400, MALFORMED, () => ({ body: '' })],
    ...['hello', `<html><body>${canary}</body></html>`, `{"Encrypt":"${canary}"}`].map((body): Row => [
      'C25',
      `${body.slice(0, 6)}… for XML`,
      400,
      MALFORMED,
      document(body),
    ]),
    ...[
      'application/json',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'text/plain',
      canary,
      'text/xml; charset=gbk',
      'text/xml; charset="utf-16"',
    ].map((type): Row => {
      return ['C26', type.replace(canary, 'nonsense'), 415, MEDIA_TYPE, contentType(type)]
    }),
    ...['gzip', 'br', 'deflate', 'identity', ''].map((encoding): Row => [
      'C26',
      `content-encoding ${JSON.stringify(encoding)}`,
      415,
      MEDIA_TYPE,
      () => ({ headers: { 'content-encoding': encoding } }),
    ]),
    ['C27', 'an unclosed tag', 400, MALFORMED, document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt>`)],
    ['C27', 'mismatched tags', 400, MALFORMED, document((encrypt) => `<xml><Encrypt>${encrypt}</encrypt></xml>`)],
    ['C28', 'two roots', 400, MALFORMED, document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml><xml/>`)],
    [
      'C29',
      'an external entity',
      400,
      MALFORMED,
      document(
        (encrypt) =>
          `<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><ToUserName>&x;</ToUserName><Encrypt>${encrypt}</Encrypt></xml>`,
      ),
    ],
    [
      'C30',
      'an external DTD',
      400,
      MALFORMED,
      document(
        (encrypt) => `<!DOCTYPE xml SYSTEM "http://${canary}.invalid/x.dtd"><xml><Encrypt>${encrypt}</Encrypt></xml>`,
      ),
    ],
    [
      'C31',
      'a parameter entity',
      400,
      MALFORMED,
      document(
        (encrypt) =>
          `<!DOCTYPE xml [<!ENTITY % p SYSTEM "http://${canary}.invalid/">%p;]><xml><Encrypt>${encrypt}</Encrypt></xml>`,
      ),
    ],
    [
      'C31',
      'XInclude',
      400,
      MALFORMED,
      document(
        (encrypt) =>
          `<xml xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/><Encrypt>${encrypt}</Encrypt></xml>`,
      ),
    ],
    [
      'C31',
      'a schema location',
      400,
      MALFORMED,
      document((encrypt) => `<xml xsi:schemaLocation="http://${canary}.invalid/"><Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    [
      'C32',
      'billion laughs',
      400,
      MALFORMED,
      document(
        (encrypt) =>
          `<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>${encrypt}</Encrypt><a>&c;</a></xml>`,
      ),
    ],
    [
      'C33',
      'a long entity often',
      400,
      MALFORMED,
      document(
        (encrypt) =>
          `<!DOCTYPE xml [<!ENTITY a "${'x'.repeat(9000)}">]><xml><a>${'&a;'.repeat(20_000)}</a><Encrypt>${encrypt}</Encrypt></xml>`,
      ),
    ],
    [
      'C34',
      '50,000 character references',
      400,
      MALFORMED,
      document((encrypt) => `<xml><a>${'&#65;'.repeat(50_000)}</a><Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    ...['&#9999999;', '&#xFFFFFF;', '&#0;', '&amp;'].map((reference): Row => [
      'C35',
      reference,
      400,
      MALFORMED,
      document((encrypt) => `<xml><a>${reference}</a><Encrypt>${encrypt}</Encrypt></xml>`),
    ]),
    [
      'C36',
      'nesting of 10,000',
      400,
      MALFORMED,
      document((encrypt) => `<xml>${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}<Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    [
      'C36',
      'nesting of 200,000',
      413,
      'BODY_TOO_LARGE',
      document(() => `<xml>${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}</xml>`),
    ],
    [
      'C37',
      '50,000 siblings',
      400,
      MALFORMED,
      document((encrypt) => `<xml>${'<a/>'.repeat(50_000)}<Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    [
      'C37',
      '20,000 attributes',
      400,
      MALFORMED,
      document(
        (encrypt) =>
          `<xml${Array.from({ length: 20_000 }, (_, index) => ` a${index}="1"`).join('')}><Encrypt>${encrypt}</Encrypt></xml>`,
      ),
    ],
    [
      'C37',
      'a tag name of 60 KB',
      400,
      MALFORMED,
      document((encrypt) => `<xml><${'a'.repeat(60_000)}/><Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    [
      'C37',
      '900 KB of blanks in a tag',
      400,
      MALFORMED,
      document((encrypt) => `<xml><a${' '.repeat(900_000)}/><Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    ...['__proto__', 'constructor', 'prototype'].map((name): Row => [
      'C38',
      `an element ${name}`,
      400,
      MALFORMED,
      document((encrypt) => `<xml><${name}>x</${name}><Encrypt>${encrypt}</Encrypt></xml>`),
    ]),
    ['C40', 'no Encrypt', 400, 'NOT_ENCRYPTED', document(`<xml><ToUserName>${canary}</ToUserName></xml>`)],
    [
      'C41',
      'two Encrypt',
      400,
      MALFORMED,
      document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt><Encrypt>${encrypt}</Encrypt></xml>`),
    ],
    [
      'C42',
      'a deeper Encrypt',
      400,
      MALFORMED,
      document((encrypt) => `<xml><a><Encrypt>${encrypt}</Encrypt></a></xml>`),
    ],
    [
      'C43',
      'elements in Encrypt',
      400,
      MALFORMED,
      document((encrypt) => `<xml><Encrypt>${encrypt}<a/></Encrypt></xml>`),
    ],
    ['C44', 'ENCRYPT', 400, 'NOT_ENCRYPTED', document((encrypt) => `<xml><ENCRYPT>${encrypt}</ENCRYPT></xml>`)],
    ['C44', 'x:Encrypt', 400, MALFORMED, document((encrypt) => `<xml><x:Encrypt>${encrypt}</x:Encrypt></xml>`)],
    [
      'C45',
      'pieces that do not fit the signature',
      401,
      SIGNATURE,
      document((encrypt) => `<xml><Encrypt><![CDATA[AAAA]]><![CDATA[${encrypt}]]></Encrypt></xml>`),
    ],
    [
      'C46',
      'unclosed CDATA',
      400,
      MALFORMED,
      document((encrypt) => `<xml><Encrypt><![CDATA[${encrypt}</Encrypt></xml>`),
    ],
    ['C46', ']]> in a text', 400, MALFORMED, document((encrypt) => `<xml><Encrypt>${encrypt}]]></Encrypt></xml>`)],
    ['C49', 'UTF-16', 400, MALFORMED, (push) => ({ ...document('x')(push), body: Buffer.from(push.body, 'utf16le') })],
    [
      'C50',
      'bytes that are no UTF-8',
      400,
      MALFORMED,
      (push) => ({
        body: Buffer.concat([
          Buffer.from('<xml><a>'),
          Buffer.from([0xff, 0xc0, 0xaf]),
          Buffer.from(`</a>${push.body.slice(5)}`),
        ]),
      }),
    ],
    ...['\0', '\u0085', '\u001b'].map((control): Row => [
      'C51',
      `${JSON.stringify(control)} in the body`,
      400,
      MALFORMED,
      document((encrypt) => `<xml><a>${control}</a><Encrypt>${encrypt}</Encrypt></xml>`),
    ]),
    ...['', '  ', '\n'].map((text): Row => [
      'C53',
      `${JSON.stringify(text)} as Encrypt`,
      400,
      MALFORMED,
      value(() => text),
    ]),
    ['C54', 'no base64', 400, MALFORMED, value(() => '$%^')],
    [
      'C54',
      'base64 with foreign characters in it',
      400,
      MALFORMED,
      value((encrypt) => `${encrypt.slice(0, 8)}$${encrypt.slice(8)}`),
    ],
    ['C55', 'URL-safe base64', 400, MALFORMED, value((encrypt) => `-_-_${encrypt}`)],
    ['C55', 'one = too many', 400, MALFORMED, value((encrypt) => `${encrypt}=`)],
    ['C55', 'a missing =', 400, MALFORMED, value(() => Buffer.alloc(64, 1).toString('base64').replace(/=+$/, ''))],
    [
      'C55',
      'line breaks in base64',
      400,
      MALFORMED,
      value((encrypt) => `${encrypt.slice(0, 76)}\n${encrypt.slice(76)}`),
    ],
    ['C56', 'not a multiple of the block', 400, MALFORMED, value(() => Buffer.alloc(65, 1).toString('base64'))],
    [
      'C57',
      'the last block cut off',
      400,
      MALFORMED,
      value((encrypt) => Buffer.from(encrypt, 'base64').subarray(0, -16).toString('base64')),
    ],
    ['C58', 'shorter than the header', 400, MALFORMED, cipher(Buffer.alloc(16, 1))],
    ...[0, 33, 255].map((pad): Row => [
      'C59',
      `a pad byte of ${pad}`,
      400,
      MALFORMED,
      cipher(block(64, (bytes) => bytes.fill(pad, 63))),
    ]),
    ['C59', 'unequal pad bytes', 400, MALFORMED, cipher(block(64, (bytes) => bytes.set([5, 4, 5, 5, 5], 59)))],
    ...[0, 33, 0xff_ff_ff_ff, 0x7f_ff_ff_ff].map((length): Row => [
      'C60',
      `a length of ${length}`,
      400,
      MALFORMED,
      cipher(withLength(length)),
    ]),
    [
      'C61',
      'a length that cuts a character',
      400,
      MALFORMED,
      cipher(
        block(64, (bytes) => {
          bytes.writeUInt32BE(10, 16)
          bytes.set([0xe4, 0xbd, 0xa0], 28)
          bytes.fill(12, 52)
        }),
      ),
    ],
    [
      'C62',
      'the receiveid of another component',
      403,
      'APPID_MISMATCH',
      sealedWith({ receiveId: 'wxc000000000000999' }),
    ],
    ...[
      () => '',
      (id: string) => id.slice(0, -1),
      (id: string) => `${id}x`,
      (id: string) => id.replace('wx', 'ｗx'),
      (id: string) => id.toUpperCase(),
      (id: string) => ` ${id}`,
    ].map((change): Row => {
      return [
        'C63',
        `the receiveid as ${JSON.stringify(change('wxID'))}`,
        403,
        'APPID_MISMATCH',
        sealedWith({ receiveId: change(componentAppId) }),
      ]
    }),
    ['C64', 'the AES key of nobody', 400, MALFORMED, sealedWith({ aesKey: Buffer.alloc(32, 9) })],
    [
      'C67',
      'one byte over the limit',
      413,
      'BODY_TOO_LARGE',
      ({ body }) => ({ body: body + ' '.repeat(LIMIT + 1 - body.length) }),
    ],
  ]
  return rows.map(([id, name, status, code, change]) => {
    const push = seal()
    return { id, name, status, code, ...push, ...change(push) }
  })
}
