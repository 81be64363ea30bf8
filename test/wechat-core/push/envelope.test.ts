// Owns: what openEnvelope accepts and refuses, with which code, row by row.
import t from 'tap'
import {
  decodeEncodingAesKey,
  GatewayError,
  openEnvelope,
  parseComponentAppId,
  Secret,
  type OpenedPush,
  type PushKeys,
  type PushToOpen,
} from '@wxgw/wechat-core'
import { vector, VECTORS } from '../../helpers/wxbizmsgcrypt-vectors.ts'
import {
  AES_KEY,
  COMPONENT,
  encryptPush,
  encryptRaw,
  envelope,
  KEYS,
  NOW_SECONDS,
  OTHER_COMPONENT,
  PREVIOUS_AES_KEY,
  PREVIOUS_TOKEN,
  signed,
  TOKEN,
  type CipherParts,
} from './make-push.ts'

const MAX_SKEW_SECONDS = 600

function pushOf(overrides: Partial<PushToOpen> & { encrypt?: string } = {}): PushToOpen {
  const { encrypt = encryptPush(), ...rest } = overrides
  return {
    keys: KEYS,
    query: signed(encrypt),
    body: envelope(encrypt),
    nowMs: NOW_SECONDS * 1000,
    maxSkewSeconds: MAX_SKEW_SECONDS,
    ...rest,
  }
}

/** The code of the refusal, or `opened`. Anything but a GatewayError is a failure of its own. */
function verdict(push: PushToOpen): string {
  try {
    openEnvelope(push)
    return 'opened'
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
}

function refusalText(push: PushToOpen): string {
  try {
    openEnvelope(push)
    return 'opened'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const ENCRYPT = encryptPush()
const CDATA = `<Encrypt><![CDATA[${ENCRYPT}]]></Encrypt>`

void t.test('a push comes out with its exact text and the credentials that opened it', async (t) => {
  const plaintext = '<xml>\r\n <A>你好 😀</A>\n</xml>\n'
  const opened = openEnvelope(pushOf({ encrypt: encryptPush({ plaintext }) }))
  t.equal(opened.plaintext, plaintext)
  t.equal(opened.timestamp, String(NOW_SECONDS))
  t.equal(opened.nonce, '1590219412')
  t.equal(opened.credentials.token.reveal(), TOKEN)
  t.equal(opened.credentials.aesKey, AES_KEY)
})

void t.test('official and real pushes are opened', async (t) => {
  for (const known of VECTORS) {
    const { timestamp, nonce, msgSignature } = known
    const componentAppId = parseComponentAppId(known.receiveId)
    const aesKey = decodeEncodingAesKey(known.encodingAesKey)
    if (timestamp === undefined || aesKey === undefined) continue
    if (componentAppId === undefined) continue
    const opened = openEnvelope({
      keys: { componentAppId, tokens: [new Secret(known.token)], aesKeys: [aesKey] },
      query: { timestamp, nonce, msg_signature: msgSignature },
      body: Buffer.from(envelope(known.encrypt)),
      nowMs: Number(timestamp) * 1000,
      maxSkewSeconds: MAX_SKEW_SECONDS,
    })
    t.equal(opened.plaintext, known.plaintext, known.id)
  }
})

void t.test('a real push with one bit or its second changed is refused', async (t) => {
  const known = vector('V3')
  const componentAppId = parseComponentAppId(known.receiveId) ?? COMPONENT
  const aesKey = decodeEncodingAesKey(known.encodingAesKey) ?? AES_KEY
  const push: PushToOpen = {
    keys: { componentAppId, tokens: [new Secret(known.token)], aesKeys: [aesKey] },
    query: { timestamp: known.timestamp, nonce: known.nonce, msg_signature: known.msgSignature },
    body: envelope(known.encrypt),
    nowMs: Number(known.timestamp) * 1000,
    maxSkewSeconds: MAX_SKEW_SECONDS,
  }
  t.equal(verdict(push), 'opened')
  t.equal(verdict({ ...push, body: envelope(`8${known.encrypt.slice(1)}`) }), 'SIGNATURE_MISMATCH')
  t.equal(verdict({ ...push, query: { ...push.query, timestamp: '1436876198' } }), 'SIGNATURE_MISMATCH')
  t.equal(verdict({ ...push, keys: { ...push.keys, componentAppId: COMPONENT } }), 'APPID_MISMATCH')
})

void t.test('the official push is meant for the component, not for the authorizer', async (t) => {
  const known = vector('O1')
  const aesKey = decodeEncodingAesKey(known.encodingAesKey) ?? AES_KEY
  const componentAppId = parseComponentAppId('wxba5fad812f8e6fb9') ?? COMPONENT
  const push = pushOf({
    keys: { componentAppId, tokens: [new Secret(known.token)], aesKeys: [aesKey] },
    query: { timestamp: known.timestamp, nonce: known.nonce, msg_signature: known.msgSignature },
    body: envelope(known.encrypt),
    nowMs: Number(known.timestamp) * 1000,
  })
  t.equal(verdict(push), 'APPID_MISMATCH')
})

void t.test('envelopes that WeChat may send are read', async (t) => {
  const bodies: Record<string, string> = {
    'with ToUserName and layout': `<xml>\n  <ToUserName><![CDATA[gh_1]]></ToUserName>\n  ${CDATA}\r\n</xml>\n`,
    'plain text': `<xml><Encrypt>${ENCRYPT}</Encrypt></xml>`,
    'white space around CDATA': `<xml><Encrypt>\n  <![CDATA[${ENCRYPT}]]>\n</Encrypt></xml>`,
    'byte order mark': `\ufeff<xml>${CDATA}</xml>`,
    'XML declaration': `<?xml version="1.0" encoding="UTF-8"?>\n<xml>${CDATA}</xml>`,
    'a stylesheet instruction': `<?xml-stylesheet href="http://canary.invalid/"?><xml>${CDATA}</xml>`,
    'a comment with a fake Encrypt': `<!-- <Encrypt>AAAA</Encrypt> --><xml><!--<Encrypt>AAAA</Encrypt>-->${CDATA}</xml>`,
    'unknown siblings': `<xml><New/><Newer ><Deep>x</Deep></Newer><Data><![CDATA[a & <b>]]></Data>${CDATA}<AgentID>1</AgentID></xml>`,
    'names of built-ins': `<xml><toString>x</toString><hasOwnProperty/><then/>${CDATA}</xml>`,
    'pieces of text, CDATA and comments': `<xml><Encrypt>${ENCRYPT.slice(0, 8)}<!-- x --><![CDATA[${ENCRYPT.slice(8, 16)}]]>${ENCRYPT.slice(16)}</Encrypt></xml>`,
  }
  for (const [name, body] of Object.entries(bodies)) {
    t.equal(verdict(pushOf({ encrypt: ENCRYPT, body })), 'opened', name)
    t.equal(verdict(pushOf({ encrypt: ENCRYPT, body: Buffer.from(body) })), 'opened', `${name}, as bytes`)
  }
})

void t.test('a body that is no envelope is MALFORMED_PUSH, however well it is signed', async (t) => {
  const laughs = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
  const bodies: Record<string, string> = {
    empty: '',
    blanks: ' \n ',
    'byte order mark only': '\ufeff',
    text: 'hello',
    'text after the root': `<xml>${CDATA}</xml>x`,
    JSON: `{"Encrypt":"${ENCRYPT}"}`,
    HTML: `<html><body>${CDATA}</body></html>`,
    'unclosed root': `<xml>${CDATA}`,
    'unclosed Encrypt': `<xml><Encrypt><![CDATA[${ENCRYPT}]]></xml>`,
    'mismatched tags': `<xml><A>x</B>${CDATA}</xml>`,
    'closed too often': `<xml>${CDATA}</xml></xml>`,
    'two roots': `<xml>${CDATA}</xml><xml>${CDATA}</xml>`,
    'an external DTD': `<!DOCTYPE xml SYSTEM "http://canary.invalid/x.dtd"><xml>${CDATA}</xml>`,
    'a file': `<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><A>&e;</A>${CDATA}</xml>`,
    'parameter entities': `<!DOCTYPE xml [<!ENTITY % p SYSTEM "http://canary.invalid/">%p;]><xml>${CDATA}</xml>`,
    'a small doctype': `<!doctype xml><xml>${CDATA}</xml>`,
    'a doctype in the root': `<xml><!DOCTYPE x>${CDATA}</xml>`,
    'billion laughs': `<!DOCTYPE xml [<!ENTITY l0 "lol">${laughs}]><xml><A>&l10;</A>${CDATA}</xml>`,
    XInclude: `<xml xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="http://canary.invalid/"/>${CDATA}</xml>`,
    'a schema location': `<xml xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a http://canary.invalid/">${CDATA}</xml>`,
    'an entity': `<xml><A>&amp;</A>${CDATA}</xml>`,
    'character references': `<xml><A>${'&#65;'.repeat(50_000)}</A>${CDATA}</xml>`,
    'an impossible character reference': `<xml><A>&#xFFFFFF;</A>${CDATA}</xml>`,
    'a reference in Encrypt': `<xml><Encrypt>&#65;${ENCRYPT.slice(1)}</Encrypt></xml>`,
    'two Encrypt': `<xml>${CDATA}${CDATA}</xml>`,
    'a nested Encrypt': `<xml><A>${CDATA}</A></xml>`,
    'Encrypt as root': `<Encrypt>${ENCRYPT}</Encrypt>`,
    'elements in Encrypt': `<xml><Encrypt><b>${ENCRYPT}</b></Encrypt></xml>`,
    'Encrypt with an attribute': `<xml><Encrypt a="b">${ENCRYPT}</Encrypt></xml>`,
    'a namespaced Encrypt': `<xml><x:Encrypt>${ENCRYPT}</x:Encrypt></xml>`,
    'unclosed CDATA': `<xml><Encrypt><![CDATA[${ENCRYPT}</Encrypt></xml>`,
    'a stray end of CDATA': `<xml><A>]]></A>${CDATA}</xml>`,
    'CDATA outside the root': `<![CDATA[x]]><xml>${CDATA}</xml>`,
    'an unclosed comment': `<xml>${CDATA}</xml><!-- x`,
    'an unclosed instruction': `<?xml <xml>${CDATA}</xml>`,
    'an unclosed tag': `<xml>${CDATA}</xml`,
    __proto__: `<xml><__proto__><x>1</x></__proto__>${CDATA}</xml>`,
    constructor: `<xml><constructor>x</constructor>${CDATA}</xml>`,
    prototype: `<xml><prototype/>${CDATA}</xml>`,
    NUL: `<xml><A>\u0000</A>${CDATA}</xml>`,
    'a C1 control': `<xml><A>\u0085</A>${CDATA}</xml>`,
    'a control after Encrypt': `<xml>${CDATA}<A>\u001b</A></xml>`,
    'deep nesting': `<xml>${'<a>'.repeat(200_000)}`,
    'deep and closed': `<xml>${'<a>'.repeat(9)}${'</a>'.repeat(9)}${CDATA}</xml>`,
    'many siblings': `<xml>${'<a/>'.repeat(50_000)}${CDATA}</xml>`,
    'many attributes': `<xml ${'a="b" '.repeat(20_000)}>${CDATA}</xml>`,
    'a long name': `<xml><${'a'.repeat(60_000)}/>${CDATA}</xml>`,
    'a tag of blanks': `<xml${' '.repeat(60_000)}x>${CDATA}</xml>`,
    'many comments': `<xml>${'<!---->'.repeat(513)}${CDATA}</xml>`,
    'Encrypt in many pieces': `<xml><Encrypt>${'<![CDATA[]]>'.repeat(513)}${ENCRYPT}</Encrypt></xml>`,
    'a name that starts with a blank': `<xml>< Encrypt>${ENCRYPT}</Encrypt></xml>`,
  }
  for (const [name, body] of Object.entries(bodies)) {
    const before = process.cpuUsage()
    t.equal(verdict(pushOf({ encrypt: ENCRYPT, body })), 'MALFORMED_PUSH', name)
    t.ok(process.cpuUsage(before).user < 1_000_000, `${name} is refused at once`)
  }
  t.equal(Object.keys({}).length, 0)
  t.notOk('x' in {}, 'no prototype was touched')
})

void t.test('bytes that are not UTF-8 are MALFORMED_PUSH', async (t) => {
  const body = Buffer.from(`<xml><A>\u00e9</A>${CDATA}</xml>`, 'latin1')
  t.equal(verdict(pushOf({ encrypt: ENCRYPT, body })), 'MALFORMED_PUSH', 'a byte over 127')
  t.equal(
    verdict(pushOf({ encrypt: ENCRYPT, body: Buffer.from(`\ufeff<xml>${CDATA}</xml>`, 'utf16le') })),
    'MALFORMED_PUSH',
    'UTF-16',
  )
})

void t.test('a well-formed body without Encrypt is NOT_ENCRYPTED', async (t) => {
  const plain = '<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Content><![CDATA[hi]]></Content></xml>'
  for (const body of [
    plain,
    '<xml/>',
    '<xml></xml>',
    `<xml><ENCRYPT>${ENCRYPT}</ENCRYPT></xml>`,
    `<xml><!--${CDATA}--></xml>`,
  ]) {
    t.equal(verdict(pushOf({ encrypt: ENCRYPT, body })), 'NOT_ENCRYPTED', body.slice(0, 40))
  }
})

void t.test('Encrypt that is not strict base64 is MALFORMED_PUSH, although it is signed', async (t) => {
  const values: Record<string, string> = {
    empty: '',
    blanks: '   ',
    'other characters': '$%^&'.replace('&', '*'),
    'one other character': `${ENCRYPT.slice(0, 20)}*${ENCRYPT.slice(21)}`,
    'URL-safe alphabet': Buffer.alloc(48, 0xfb).toString('base64url'),
    'missing padding': encryptRaw(Buffer.alloc(32), AES_KEY).replaceAll('=', ''),
    'extra padding': `${ENCRYPT}=`,
    'padding in the middle': `AA==${ENCRYPT}`,
    'a line break': `${ENCRYPT.slice(0, 64)}\n${ENCRYPT.slice(64)}`,
    'a blank at the end': `${ENCRYPT} `,
    'full-width letters': `Ａ${ENCRYPT.slice(1)}`,
  }
  for (const [name, value] of Object.entries(values)) {
    t.equal(verdict(pushOf({ encrypt: value })), 'MALFORMED_PUSH', name)
    const body = `<xml><Encrypt>${value}</Encrypt></xml>`
    t.equal(verdict(pushOf({ encrypt: value, body })), 'MALFORMED_PUSH', `${name}, without CDATA`)
  }
  const layoutInCdata = `<xml><Encrypt><![CDATA[\n]]>${ENCRYPT}</Encrypt></xml>`
  t.equal(
    verdict(pushOf({ encrypt: `\n${ENCRYPT}`, body: layoutInCdata })),
    'MALFORMED_PUSH',
    'a line break in CDATA of its own',
  )
})

void t.test('a signature that is missing or wrong is SIGNATURE_MISMATCH', async (t) => {
  const query = signed(ENCRYPT)
  const right = query.msg_signature ?? ''
  const queries: Record<string, PushToOpen['query']> = {
    'nothing at all': {},
    'no msg_signature': { ...query, msg_signature: undefined },
    'no timestamp': { ...query, timestamp: undefined },
    'no nonce': { ...query, nonce: undefined },
    'empty timestamp': signed(ENCRYPT, { timestamp: '' }),
    'empty nonce': signed(ENCRYPT, { nonce: '' }),
    'a long nonce': signed(ENCRYPT, { nonce: 'n'.repeat(65) }),
    'a nonce with line breaks': signed(ENCRYPT, { nonce: 'a\r\nb' }),
    'a nonce with a line break at its end': signed(ENCRYPT, { nonce: 'abc\n' }),
    'one digit changed': { ...query, msg_signature: (right.startsWith('0') ? '1' : '0') + right.slice(1) },
    'upper case': { ...query, msg_signature: right.toUpperCase() },
    'empty signature': { ...query, msg_signature: '' },
    'one character short': { ...query, msg_signature: right.slice(1) },
    'one character long': { ...query, msg_signature: `${right}0` },
    'a line break at its end': { ...query, msg_signature: `${right}\n` },
    '4,000 characters': { ...query, msg_signature: 'a'.repeat(4000) },
    'full-width digits': { ...query, msg_signature: '１'.repeat(40) },
    emoji: { ...query, msg_signature: '😀'.repeat(20) },
    NUL: { ...query, msg_signature: '\u0000'.repeat(40) },
    'the previous token': signed(ENCRYPT, { token: PREVIOUS_TOKEN }),
    'the signature of another body': signed(encryptPush({ plaintext: '<xml><A/></xml>' })),
  }
  for (const [name, wrong] of Object.entries(queries)) {
    t.equal(verdict(pushOf({ encrypt: ENCRYPT, query: wrong })), 'SIGNATURE_MISMATCH', name)
  }
  t.equal(verdict(pushOf({ keys: { ...KEYS, tokens: [] } })), 'SIGNATURE_MISMATCH', 'no token at all')
})

void t.test(
  'a large push is judged as a small one is: by bytes, in the forms that WeChat sends and in others',
  async (t) => {
    const encrypt = encryptPush({ plaintext: `<xml><Content>${'x'.repeat(100_000)}</Content></xml>` })
    const cdata = `<Encrypt><![CDATA[${encrypt}]]></Encrypt>`
    const bodies: Record<string, string> = {
      'as WeChat sends it': envelope(encrypt),
      'plain text': `<xml><Encrypt>${encrypt}</Encrypt></xml>`,
      'layout around CDATA': `<xml><Encrypt>\n<![CDATA[${encrypt}]]>\n</Encrypt></xml>`,
      'a comment with another Encrypt': `<xml><!--<Encrypt>${encrypt.slice(4)}</Encrypt>-->${cdata}</xml>`,
      'an instruction': `<?xml version="1.0"?><xml>${cdata}</xml>`,
      'much before it': `<xml>${' '.repeat(1_000)}${cdata}</xml>`,
      'in pieces': `<xml><Encrypt>${encrypt.slice(0, 8)}<![CDATA[${encrypt.slice(8)}]]></Encrypt></xml>`,
    }
    for (const [name, text] of Object.entries(bodies)) {
      const body = Buffer.from(text)
      t.equal(verdict(pushOf({ encrypt, body })), 'opened', name)
      for (const nonce of ['1', 'zzzz'])
        t.equal(verdict(pushOf({ encrypt, body, query: signed(encrypt, { nonce }) })), 'opened', name)
      t.equal(verdict(pushOf({ encrypt, body, query: signed(ENCRYPT) })), 'SIGNATURE_MISMATCH', name)
      t.equal(verdict(pushOf({ encrypt, body: Buffer.from(text.replace('xml>', 'x>')) })), 'MALFORMED_PUSH', name)
    }
  },
)

void t.test('what the query alone shows is refused whatever the body is', async (t) => {
  const query = signed(ENCRYPT)
  const queries: Array<[string, PushToOpen['query'], string]> = [
    ['no signature', { ...query, msg_signature: undefined }, 'SIGNATURE_MISMATCH'],
    [
      'no signature, by the query of an encrypted push',
      { ...query, msg_signature: undefined, signature: 'a'.repeat(40), encrypt_type: 'aes' },
      'SIGNATURE_MISMATCH',
    ],
    ['what is no signature', { ...query, msg_signature: 'x'.repeat(40) }, 'SIGNATURE_MISMATCH'],
    ['an old timestamp', { ...query, timestamp: '1436876197' }, 'TIMESTAMP_OUT_OF_RANGE'],
    ['plain mode', { timestamp: query.timestamp, nonce: query.nonce, signature: 'a'.repeat(40) }, 'NOT_ENCRYPTED'],
    [
      'plain mode by name',
      { timestamp: query.timestamp, nonce: query.nonce, signature: 'a'.repeat(40), encrypt_type: 'raw' },
      'NOT_ENCRYPTED',
    ],
  ]
  for (const [name, wrong, code] of queries) {
    for (const body of ['', 'x', '<xml/>', envelope(ENCRYPT)])
      t.equal(verdict(pushOf({ query: wrong, body })), code, name)
  }
})

void t.test('a timestamp outside the window, or not ten digits, is TIMESTAMP_OUT_OF_RANGE', async (t) => {
  const at = (timestamp: string) => verdict(pushOf({ encrypt: ENCRYPT, query: signed(ENCRYPT, { timestamp }) }))
  t.equal(at(String(NOW_SECONDS - MAX_SKEW_SECONDS)), 'opened', 'the oldest')
  t.equal(at(String(NOW_SECONDS + MAX_SKEW_SECONDS)), 'opened', 'the newest')
  for (const timestamp of [
    String(NOW_SECONDS - MAX_SKEW_SECONDS - 1),
    String(NOW_SECONDS + MAX_SKEW_SECONDS + 1),
    '0',
    '-1',
    '1e9',
    '0x65',
    `${NOW_SECONDS}000`,
    ` ${NOW_SECONDS}`,
    `${NOW_SECONDS}\n`,
    '١٧٦٠٠٠٠٠٠٠',
  ]) {
    t.equal(at(timestamp), 'TIMESTAMP_OUT_OF_RANGE', JSON.stringify(timestamp))
  }
  const old = signed(ENCRYPT, { timestamp: '1436876197' })
  t.equal(verdict(pushOf({ encrypt: ENCRYPT, query: old, maxSkewSeconds: 10 ** 9 })), 'opened', 'a window of any size')
})

void t.test('an old push stays old, however its timestamp and nonce are swapped or cut', async (t) => {
  for (const nonce of ['1879066412', '415670741', '7', 'abc123', '17600000001436876197']) {
    const timestamp = '1436876197'
    const { msg_signature } = signed(ENCRYPT, { timestamp, nonce })
    let stillSigned = 0
    for (const digits of [timestamp + nonce, nonce + timestamp]) {
      for (let cut = 1; cut < digits.length; cut++) {
        for (const [first, second] of [
          [digits.slice(0, cut), digits.slice(cut)],
          [digits.slice(cut), digits.slice(0, cut)],
        ]) {
          const query = { timestamp: first, nonce: second, msg_signature }
          if (signed(ENCRYPT, { timestamp: first ?? '', nonce: second ?? '' }).msg_signature === msg_signature)
            stillSigned += 1
          // The last nonce contains the present second: only there may the signature alone not be enough.
          if (first === String(NOW_SECONDS)) continue
          t.not(verdict(pushOf({ encrypt: ENCRYPT, query })), 'opened', `${first} and ${second}`)
        }
      }
    }
    t.ok(stillSigned > 1, `with ${nonce}, the signature holds for several cuts`)
  }
})

void t.test('what is signed but cannot be decrypted is MALFORMED_PUSH, with one and the same text', async (t) => {
  const bytes = Buffer.from(ENCRYPT, 'base64')
  const parts = (cipher: CipherParts) => encryptPush(cipher)
  const encrypted: Record<string, string> = {
    'not a multiple of 16': bytes.subarray(0, bytes.length - 1).toString('base64'),
    'the last block cut off': bytes.subarray(0, bytes.length - 16).toString('base64'),
    'one block': encryptRaw(Buffer.alloc(16, 16), AES_KEY),
    'pad byte 0': parts({ padding: (length) => Buffer.alloc(length, 0) }),
    'pad byte 33': parts({ padding: (length) => Buffer.alloc(length, 33) }),
    'pad byte 255': parts({ padding: (length) => Buffer.alloc(length, 255) }),
    'unequal pad bytes': parts({
      padding: (length) => Buffer.concat([Buffer.from([1]), Buffer.alloc(length - 1, length)]),
    }),
    'length 0': parts({ length: 0 }),
    'length too large': parts({ length: 4000 }),
    'the largest length': parts({ length: 0xffffffff }),
    'a cut character': parts({ plaintext: '<xml>你</xml>', length: 6 }),
    'another key': parts({ aesKey: PREVIOUS_AES_KEY }),
  }
  const texts = new Set<string>()
  for (const [name, encrypt] of Object.entries(encrypted)) {
    t.equal(verdict(pushOf({ encrypt })), 'MALFORMED_PUSH', name)
    texts.add(refusalText(pushOf({ encrypt })))
  }
  t.equal(texts.size, 1)
})

void t.test('a push for anybody but this component is APPID_MISMATCH', async (t) => {
  const receivers = [
    OTHER_COMPONENT,
    '',
    COMPONENT.slice(0, -1),
    `${COMPONENT}x`,
    ` ${COMPONENT}`,
    COMPONENT.toUpperCase(),
    COMPONENT.replace('a', 'а'),
    Buffer.from([0xff]),
  ]
  for (const receiveId of receivers) {
    t.equal(
      verdict(pushOf({ encrypt: encryptPush({ receiveId }) })),
      'APPID_MISMATCH',
      JSON.stringify(receiveId.toString()),
    )
  }
})

void t.test(
  'previous credentials open a push only while they are configured, and are the ones handed on',
  async (t) => {
    const encrypt = encryptPush({ aesKey: PREVIOUS_AES_KEY })
    const query = signed(encrypt, { token: PREVIOUS_TOKEN })
    t.equal(verdict(pushOf({ encrypt, query })), 'SIGNATURE_MISMATCH')
    const both: PushKeys = {
      ...KEYS,
      tokens: [...KEYS.tokens, new Secret(PREVIOUS_TOKEN)],
      aesKeys: [...KEYS.aesKeys, PREVIOUS_AES_KEY],
    }
    const opened: OpenedPush = openEnvelope(pushOf({ encrypt, query, keys: both }))
    t.equal(opened.credentials.token.reveal(), PREVIOUS_TOKEN)
    t.equal(opened.credentials.aesKey, PREVIOUS_AES_KEY)
    const mixed = openEnvelope(pushOf({ encrypt, query: signed(encrypt), keys: both }))
    t.equal(mixed.credentials.token.reveal(), TOKEN, 'token and key rotate on their own')
    t.equal(mixed.credentials.aesKey, PREVIOUS_AES_KEY)
    t.equal(verdict(pushOf({ keys: both, encrypt: encryptPush({ receiveId: OTHER_COMPONENT }) })), 'APPID_MISMATCH')
  },
)

void t.test('no text of a refusal holds anything of the push', async (t) => {
  const secretive = pushOf({
    body: '<xml><Leak>SECRET</Leak></xml>',
    query: { timestamp: 'SECRET', nonce: 'SECRET', msg_signature: 'SECRET' },
  })
  t.notMatch(refusalText(secretive), /SECRET/)
  t.notMatch(refusalText({ ...secretive, body: envelope(ENCRYPT) }), /SECRET/)
})
