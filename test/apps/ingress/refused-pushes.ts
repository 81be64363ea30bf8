// Owns: rows C of the table of hostile inputs: envelopes that are refused on both push routes, with the contract's statuses. They are
// given to the core (wechat-core/push/envelope.test.ts), to the listener in process (push-refusals.test.ts) and to real processes
// (test/hostile/attack-pushes.ts).
import { createCipheriv } from 'node:crypto'
import { words } from '../../helpers/words.ts'
import { type PushOptions, queryText, sealPush, sign, type SealedPush } from './sealed-push.ts'

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
/** By id and name, what is changed in a good push. */
type Rows = Record<string, (push: SealedPush) => Change>

/** Rows of one kind: `name` makes the key of each value. */
function rowsOf<Value>(
  values: readonly Value[],
  name: (value: Value) => string,
  change: (value: Value) => Rows[string],
) {
  return Object.fromEntries(values.map((value) => [name(value), change(value)]))
}

const quoted = (id: string, rest: string) => (text: string) => `${id} ${JSON.stringify(text.slice(0, 40))} ${rest}`

export function refusedPushes({ token, aesKey, componentAppId, nowSeconds, canary, plaintext }: Sender): RefusedPush[] {
  const seal = ({ atSeconds = nowSeconds, ...change }: PushOptions & { atSeconds?: number } = {}) =>
    sealPush(plaintext, atSeconds, { token, aesKey, receiveId: componentAppId, ...change })
  const sealedWith = (options: Parameters<typeof seal>[0]) => (): Change => seal(options)
  const withQuery =
    (query: Record<string, string>) =>
    (push: SealedPush): Change => ({ query: { ...push.query, ...query } })
  const without =
    (name: string) =>
    (push: SealedPush): Change => ({
      query: Object.fromEntries(Object.entries(push.query).filter(([key]) => key !== name)),
    })
  const signature = (change: (right: string) => string) => (push: SealedPush) =>
    withQuery({ msg_signature: change(push.query['msg_signature'] ?? '') })(push)
  /** Signed all the same: what an insider or a broken sender makes. */
  function signed(push: SealedPush, encrypt: string, change: Change = {}): Change {
    const { timestamp = '', nonce = '' } = { ...push.query, ...change.query }
    const query = { ...push.query, ...change.query, msg_signature: sign([token, timestamp, nonce, encrypt]) }
    return { body: `<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`, ...change, query }
  }
  const encryptOf = ({ body }: SealedPush) => /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? ''
  const document = (text: string | ((encrypt: string) => string)) => (push: SealedPush) =>
    signed(push, encryptOf(push), { body: typeof text === 'string' ? text : text(encryptOf(push)) })
  /** A document that is good but for this before its Encrypt. */
  const inside = (text: string) => document((encrypt) => `<xml>${text}<Encrypt>${encrypt}</Encrypt></xml>`)
  /** A document that is good but for this before its root. */
  const declared = (text: string, rest = '') =>
    document((encrypt) => `<!DOCTYPE xml ${text}><xml><Encrypt>${encrypt}</Encrypt>${rest}</xml>`)
  const value = (make: (encrypt: string) => string) => (push: SealedPush) => signed(push, make(encryptOf(push)))
  const cipher = (bytes: Buffer) => (push: SealedPush) => {
    const encipher = createCipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
    return signed(push, Buffer.concat([encipher.update(bytes), encipher.final()]).toString('base64'))
  }
  const block = (fill: (bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(64, 0x61)
    fill(bytes)
    return cipher(bytes)
  }
  const resigned = (query: Record<string, string>) => (push: SealedPush) =>
    signed(push, encryptOf(push), { query: { ...push.query, ...query } })
  const resplit =
    (by: number) =>
    ({ query }: SealedPush): Change => {
      const [first = '', second = ''] = [query['timestamp'] ?? '', query['nonce'] ?? ''].toSorted()
      const digits = first + second
      return {
        query: { ...query, timestamp: digits.slice(0, first.length + by), nonce: digits.slice(first.length + by) },
      }
    }
  const twice = (order: (right: string) => readonly string[]) => (push: SealedPush) => {
    const { timestamp, nonce, msg_signature: right = '' } = push.query
    const both = order(right).map((one) => `&msg_signature=${one}`)
    return { rawQuery: `timestamp=${timestamp}&nonce=${nonce}${both.join('')}` }
  }

  const tables: Array<[status: number, code: string | readonly string[], rows: Rows]> = [
    [
      401,
      'SIGNATURE_MISMATCH',
      {
        'C01 no query string': () => ({ query: {} }),
        'C02 no msg_signature': without('msg_signature'),
        'C03 no timestamp': without('timestamp'),
        'C04 no nonce': without('nonce'),
        'C07 one bit of the signature': signature(
          ([first = '0', ...rest]) => (Number.parseInt(first, 16) ^ 1).toString(16) + rest.join(''),
        ),
        'C08 a signature in upper case': signature((right) => right.toUpperCase()),
        'C09 one character short': signature((right) => right.slice(1)),
        'C09 one character long': signature((right) => `${right}0`),
        'C09 a line break at its end': signature((right) => `${right}\n`),
        ...rowsOf(
          ['', 'a'.repeat(39), 'a'.repeat(41), 'a'.repeat(4000)],
          ({ length }) => `C09 a signature of ${length} characters`,
          (text) => withQuery({ msg_signature: text }),
        ),
        ...rowsOf(
          ['１２３４', '１'.repeat(40), '😀', 'a\0', '\0'.repeat(40), 'x'.repeat(40), `${canary}<script>`],
          quoted('C10', 'as signature'),
          (text) => withQuery({ msg_signature: text }),
        ),
        'C11 the token of nobody': sealedWith({ token: 'tokenOfNobody' }),
        ...rowsOf(
          ['', 'n'.repeat(65), 'a'.repeat(1000), 'a\r\nX-Injected: 1', 'abc\n', `${canary} x`],
          quoted('C17', 'as nonce'),
          (nonce) => resigned({ nonce }),
        ),
        "C22 another message's body": () => ({ body: seal().body }),
        'C45 pieces that do not fit the signature': document(
          (encrypt) => `<xml><Encrypt><![CDATA[AAAA]]><![CDATA[${encrypt}]]></Encrypt></xml>`,
        ),
      },
    ],
    [
      400,
      'INVALID_REQUEST',
      {
        'C12 two signatures, the right one first': twice((right) => [right, 'f'.repeat(40)]),
        'C12 two signatures, the right one last': twice((right) => ['f'.repeat(40), right]),
        'C12 a repeated nonce': ({ query }) => ({ rawQuery: `${queryText(query)}&nonce=x` }),
        'C12 a broken percent encoding': ({ query }) => ({ rawQuery: `${queryText(query)}&x=%zz` }),
        'C12 NUL in a parameter that is not signed': withQuery({ openid: 'a\0' }),
      },
    ],
    [
      401,
      'TIMESTAMP_OUT_OF_RANGE',
      {
        ...rowsOf(
          [-3600, 3600, -605, 605],
          (by) => `C13 ${by} s away, well signed`,
          (by) => sealedWith({ atSeconds: nowSeconds + by }),
        ),
        ...rowsOf(
          [
            ...words`0 -1 1e9 0x65 1700000000000 ١٧٠٠٠٠٠٠٠٠ 99999999999999999999 NaN`,
            ` ${nowSeconds}`,
            `${nowSeconds}\n`,
            `${nowSeconds}000`,
          ],
          quoted('C14', 'as timestamp, well signed'),
          (timestamp) => resigned({ timestamp }),
        ),
        'C15 timestamp and nonce swapped': ({ query }) => ({
          query: { ...query, timestamp: query['nonce'] ?? '', nonce: query['timestamp'] ?? '' },
        }),
      },
    ],
    [
      401,
      ['SIGNATURE_MISMATCH', 'TIMESTAMP_OUT_OF_RANGE'],
      rowsOf([-1, 1, -3, 3, -9], (by) => `C16 the digits cut ${by} further`, resplit),
    ],
    [
      400,
      'NOT_ENCRYPTED',
      {
        'C05 plain mode': ({ query: { timestamp = '', nonce = '' } }) => ({
          query: { timestamp, nonce, encrypt_type: 'raw', signature: sign([token, timestamp, nonce]) },
          body: plaintext,
        }),
        'C05 plain mode without its name': ({ query: { timestamp = '', nonce = '' } }) => ({
          query: { timestamp, nonce, signature: sign([token, timestamp, nonce]) },
          body: plaintext,
        }),
        'C40 no Encrypt': document(`<xml><ToUserName>${canary}</ToUserName></xml>`),
        'C40 an empty root': document('<xml/>'),
        'C40 Encrypt in a comment': document((encrypt) => `<xml><!--<Encrypt>${encrypt}</Encrypt>--></xml>`),
        'C44 ENCRYPT': document((encrypt) => `<xml><ENCRYPT>${encrypt}</ENCRYPT></xml>`),
      },
    ],
    [
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      {
        ...rowsOf(
          [
            ...words`application/json application/x-www-form-urlencoded text/plain`,
            'multipart/form-data; boundary=x',
            'text/xml; charset=gbk',
            'text/xml; charset="utf-16"',
            canary,
          ],
          (type) => `C26 ${type.replace(canary, 'nonsense')}`,
          (type) => () => ({ headers: { 'content-type': type } }),
        ),
        ...rowsOf(
          ['gzip', 'br', 'deflate', 'identity', ''],
          quoted('C26', 'as content-encoding'),
          (encoding) => () => ({ headers: { 'content-encoding': encoding } }),
        ),
      },
    ],
    [
      413,
      'BODY_TOO_LARGE',
      {
        'C36 nesting of 200,000': document(`<xml>${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}</xml>`),
        'C67 one byte over the limit': ({ body }) => ({ body: body + ' '.repeat(LIMIT + 1 - body.length) }),
      },
    ],
    [
      400,
      'MALFORMED_PUSH',
      {
        'C24 an empty body': () => ({ body: '' }),
        'C24 blanks': document(' \n '),
        'C24 a byte order mark only': document('\ufeff'),
        'C25 a text for XML': document('hello'),
        'C25 HTML for XML': document(`<html><body>${canary}</body></html>`),
        'C25 JSON for XML': document(`{"Encrypt":"${canary}"}`),
        'C27 an unclosed root': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt>`),
        'C27 an unclosed Encrypt': document((encrypt) => `<xml><Encrypt>${encrypt}</xml>`),
        'C27 an unclosed tag': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml`),
        'C27 mismatched tags': inside('<A>x</B>'),
        'C27 a tag in two cases': document((encrypt) => `<xml><Encrypt>${encrypt}</encrypt></xml>`),
        'C27 closed too often': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml></xml>`),
        'C27 an unclosed comment': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml><!-- x`),
        'C27 an unclosed instruction': document((encrypt) => `<?xml <xml><Encrypt>${encrypt}</Encrypt></xml>`),
        'C28 two roots': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml><xml/>`),
        'C28 a text after the root': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml>x`),
        'C29 an external entity': declared('[<!ENTITY x SYSTEM "file:///etc/passwd">]', '<A>&x;</A>'),
        'C30 an external DTD': declared(`SYSTEM "http://${canary}.invalid/x.dtd"`),
        'C30 a small doctype': document((encrypt) => `<!doctype xml><xml><Encrypt>${encrypt}</Encrypt></xml>`),
        'C30 a doctype in the root': inside('<!DOCTYPE x>'),
        'C31 a parameter entity': declared(`[<!ENTITY % p SYSTEM "http://${canary}.invalid/">%p;]`),
        'C31 XInclude': inside('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
        'C31 a schema location': document(
          (encrypt) => `<xml xsi:schemaLocation="http://${canary}.invalid/"><Encrypt>${encrypt}</Encrypt></xml>`,
        ),
        'C32 billion laughs': declared(
          `[<!ENTITY a "lol">${'bcdefghij'
            .split('')
            .map((name, at) => `<!ENTITY ${name} "${`&${'abcdefghi'[at]};`.repeat(10)}">`)
            .join('')}]`,
          '<a>&j;</a>',
        ),
        'C33 a long entity often': declared(`[<!ENTITY a "${'x'.repeat(9000)}">]`, `<a>${'&a;'.repeat(20_000)}</a>`),
        'C34 50,000 character references': inside(`<a>${'&#65;'.repeat(50_000)}</a>`),
        ...rowsOf(
          words`&#9999999; &#xFFFFFF; &#0; &amp;`,
          (reference) => `C35 ${reference}`,
          (reference) => inside(`<a>${reference}</a>`),
        ),
        'C35 a reference in Encrypt': document((encrypt) => `<xml><Encrypt>&#65;${encrypt.slice(1)}</Encrypt></xml>`),
        'C36 nesting of nine': inside(`${'<a>'.repeat(9)}${'</a>'.repeat(9)}`),
        'C36 nesting of 10,000': inside(`${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`),
        'C36 nesting without end': document(`<xml>${'<a>'.repeat(200_000)}`),
        'C37 50,000 siblings': inside('<a/>'.repeat(50_000)),
        'C37 20,000 attributes': document(
          (encrypt) => `<xml ${'a="b" '.repeat(20_000)}><Encrypt>${encrypt}</Encrypt></xml>`,
        ),
        'C37 a tag name of 60 KB': inside(`<${'a'.repeat(60_000)}/>`),
        'C37 900 KB of blanks in a tag': inside(`<a${' '.repeat(900_000)}/>`),
        'C37 513 comments': inside('<!---->'.repeat(513)),
        'C37 Encrypt in 514 pieces': document(
          (encrypt) => `<xml><Encrypt>${'<![CDATA[]]>'.repeat(513)}${encrypt}</Encrypt></xml>`,
        ),
        ...rowsOf(
          words`__proto__ constructor prototype`,
          (name) => `C38 an element ${name}`,
          (name) => inside(`<${name}>x</${name}>`),
        ),
        'C41 two Encrypt': inside('<Encrypt>AAAA</Encrypt>'),
        'C42 a deeper Encrypt': document((encrypt) => `<xml><a><Encrypt>${encrypt}</Encrypt></a></xml>`),
        'C42 Encrypt as root': document((encrypt) => `<Encrypt>${encrypt}</Encrypt>`),
        'C43 elements in Encrypt': document((encrypt) => `<xml><Encrypt>${encrypt}<a/></Encrypt></xml>`),
        'C43 an attribute of Encrypt': document((encrypt) => `<xml><Encrypt a="b">${encrypt}</Encrypt></xml>`),
        'C44 x:Encrypt': document((encrypt) => `<xml><x:Encrypt>${encrypt}</x:Encrypt></xml>`),
        'C44 a name that starts with a blank': document((encrypt) => `<xml>< Encrypt>${encrypt}</Encrypt></xml>`),
        'C46 unclosed CDATA': document((encrypt) => `<xml><Encrypt><![CDATA[${encrypt}</Encrypt></xml>`),
        'C46 ]]> in a text': document((encrypt) => `<xml><Encrypt>${encrypt}]]></Encrypt></xml>`),
        'C46 CDATA outside the root': document((encrypt) => `<![CDATA[x]]><xml><Encrypt>${encrypt}</Encrypt></xml>`),
        'C49 UTF-16': (push) => ({ ...document('x')(push), body: Buffer.from(push.body, 'utf16le') }),
        ...rowsOf(
          [[0xff, 0xc0, 0xaf], [0xe9]],
          (bytes) => `C50 ${bytes.length} bytes that are no UTF-8`,
          (bytes) =>
            ({ body }) => ({
              body: Buffer.concat([Buffer.from('<xml><a>'), Buffer.from(bytes), Buffer.from(`</a>${body.slice(5)}`)]),
            }),
        ),
        ...rowsOf(['\0', '\u0085', '\u001b'], quoted('C51', 'before Encrypt'), (control) =>
          inside(`<a>${control}</a>`),
        ),
        'C51 a control after Encrypt': document((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt><A>\u001b</A></xml>`),
        ...rowsOf(['', '  ', '\n'], quoted('C53', 'as Encrypt'), (text) => value(() => text)),
        'C54 no base64': value(() => '$%^'),
        'C54 base64 with a foreign character': value((encrypt) => `${encrypt.slice(0, 8)}$${encrypt.slice(8)}`),
        'C54 base64 with one for another': value((encrypt) => `${encrypt.slice(0, 20)}*${encrypt.slice(21)}`),
        'C54 full-width letters': value((encrypt) => `Ａ${encrypt.slice(1)}`),
        'C55 URL-safe base64': value((encrypt) => `-_-_${encrypt}`),
        'C55 one = too many': value((encrypt) => `${encrypt}=`),
        'C55 = in the middle': value((encrypt) => `AA==${encrypt}`),
        'C55 a missing =': value(() => Buffer.alloc(64, 1).toString('base64').replace(/=+$/, '')),
        'C55 line breaks in base64': value((encrypt) => `${encrypt.slice(0, 76)}\n${encrypt.slice(76)}`),
        'C55 a blank at the end': value((encrypt) => `${encrypt} `),
        'C56 not a multiple of the block': value(() => Buffer.alloc(65, 1).toString('base64')),
        'C57 the last block cut off': value((encrypt) =>
          Buffer.from(encrypt, 'base64').subarray(0, -16).toString('base64'),
        ),
        'C58 shorter than the header': cipher(Buffer.alloc(16, 1)),
        ...rowsOf(
          [0, 33, 255],
          (pad) => `C59 a pad byte of ${pad}`,
          (pad) => block((bytes) => bytes.fill(pad, 63)),
        ),
        'C59 unequal pad bytes': block((bytes) => bytes.set([5, 4, 5, 5, 5], 59)),
        ...rowsOf(
          [0, 33, 4000, 0xff_ff_ff_ff, 0x7f_ff_ff_ff],
          (length) => `C60 a length of ${length}`,
          (length) =>
            block((bytes) => {
              bytes.writeUInt32BE(length, 16)
              bytes.fill(12, 52)
            }),
        ),
        'C61 a length that cuts a character': block((bytes) => {
          bytes.writeUInt32BE(10, 16)
          bytes.set([0xe4, 0xbd, 0xa0], 28)
          bytes.fill(12, 52)
        }),
        'C64 the AES key of nobody': sealedWith({ aesKey: Buffer.alloc(32, 9) }),
      },
    ],
    [
      403,
      'APPID_MISMATCH',
      {
        'C62 the receiveid of another component': sealedWith({ receiveId: 'wxc000000000000999' }),
        ...rowsOf(
          [
            () => '',
            (id: string) => id.slice(0, -1),
            (id: string) => `${id}x`,
            (id: string) => id.replace('wx', 'ｗx'),
            (id: string) => id.toUpperCase(),
            (id: string) => ` ${id}`,
          ],
          (change) => `C63 the receiveid as ${JSON.stringify(change('wxID'))}`,
          (change) => sealedWith({ receiveId: change(componentAppId) }),
        ),
      },
    ],
  ]
  return tables.flatMap(([status, code, rows]) =>
    Object.entries(rows).map(([key, change]) => {
      const push = seal()
      return { id: key.slice(0, 3), name: key.slice(4), status, code, ...push, ...change(push) }
    }),
  )
}
