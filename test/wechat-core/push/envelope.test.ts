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
import { refusedPushes } from '../../apps/ingress/refused-pushes.ts'
import { vector, VECTORS } from '../../helpers/wxbizmsgcrypt-vectors.ts'
import {
  AES_KEY,
  COMPONENT,
  encryptPush,
  envelope,
  KEYS,
  NOW_SECONDS,
  OTHER_COMPONENT,
  PREVIOUS_AES_KEY,
  PREVIOUS_TOKEN,
  signed,
  TOKEN,
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

const CANARY = 'canary-of-the-sender'
const ROWS = refusedPushes({
  token: TOKEN,
  aesKey: AES_KEY,
  componentAppId: COMPONENT,
  nowSeconds: NOW_SECONDS,
  canary: CANARY,
  plaintext: '<xml></xml>',
})
/** What the listener refuses before it opens an envelope. */
const OF_HTTP = ['INVALID_REQUEST', 'UNSUPPORTED_MEDIA_TYPE', 'BODY_TOO_LARGE']

void t.test('every row of the table of refused pushes has its code, at once and without an echo', async (t) => {
  const textsOfCipher = new Set<string>()
  for (const { id, name, code, query, body } of ROWS) {
    if (OF_HTTP.includes(String(code))) continue
    const push = pushOf({ query, body })
    const before = process.cpuUsage()
    t.ok([code].flat().includes(verdict(push)), `${id} ${name}: ${verdict(push)}`)
    t.ok(process.cpuUsage(before).user < 1_000_000, `${id} ${name} is refused at once`)
    t.notMatch(refusalText(push), CANARY, `${id} ${name}`)
    if (/^C5[6-9]|^C6[014]/.test(id)) textsOfCipher.add(refusalText(push))
    const plain = String(body).replace('<![CDATA[', '').replace(']]>', '')
    if (/^C5[3-7]/.test(id)) t.equal(verdict({ ...push, body: plain }), 'MALFORMED_PUSH', `${name}, without CDATA`)
  }
  t.equal(textsOfCipher.size, 1, 'what fails in the cipher is told alike')
  t.notOk('x' in {}, 'no prototype was touched')
})

void t.test('a line break in CDATA of its own is no layout of Encrypt', async (t) => {
  const body = `<xml><Encrypt><![CDATA[\n]]>${ENCRYPT}</Encrypt></xml>`
  t.equal(verdict(pushOf({ encrypt: `\n${ENCRYPT}`, body })), 'MALFORMED_PUSH')
})

void t.test('no token is SIGNATURE_MISMATCH, bytes that are no appid APPID_MISMATCH', async (t) => {
  t.equal(verdict(pushOf({ keys: { ...KEYS, tokens: [] } })), 'SIGNATURE_MISMATCH')
  t.equal(verdict(pushOf({ encrypt: encryptPush({ receiveId: Buffer.from([0xff]) }) })), 'APPID_MISMATCH')
  t.equal(verdict(pushOf({ encrypt: encryptPush({ receiveId: COMPONENT.replace('a', 'а') }) })), 'APPID_MISMATCH')
})

void t.test('a large push is judged by bytes exactly as a small one, in every form', async (t) => {
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
})

void t.test('what the query alone shows is refused whatever the body is', async (t) => {
  const { timestamp, nonce } = signed(ENCRYPT)
  const signature = 'a'.repeat(40)
  const queries: Array<[query: PushToOpen['query'], code: string]> = [
    [{ timestamp, nonce }, 'SIGNATURE_MISMATCH'],
    [{ timestamp, nonce, signature, encrypt_type: 'aes' }, 'SIGNATURE_MISMATCH'],
    [{ timestamp, nonce, msg_signature: 'x'.repeat(40) }, 'SIGNATURE_MISMATCH'],
    [{ ...signed(ENCRYPT), timestamp: '1436876197' }, 'TIMESTAMP_OUT_OF_RANGE'],
    [{ timestamp, nonce, signature }, 'NOT_ENCRYPTED'],
    [{ timestamp, nonce, signature, encrypt_type: 'raw' }, 'NOT_ENCRYPTED'],
  ]
  for (const [query, code] of queries) {
    for (const body of ['', 'x', '<xml/>', envelope(ENCRYPT)])
      t.equal(verdict(pushOf({ query, body })), code, JSON.stringify(query))
  }
})

void t.test('the window of timestamps ends at its second, and may have any size', async (t) => {
  const at = (timestamp: number, maxSkewSeconds = MAX_SKEW_SECONDS) =>
    verdict(pushOf({ encrypt: ENCRYPT, query: signed(ENCRYPT, { timestamp: String(timestamp) }), maxSkewSeconds }))
  for (const skew of [-MAX_SKEW_SECONDS, MAX_SKEW_SECONDS]) {
    t.equal(at(NOW_SECONDS + skew), 'opened')
    t.equal(at(NOW_SECONDS + skew + Math.sign(skew)), 'TIMESTAMP_OUT_OF_RANGE')
  }
  t.equal(at(1_436_876_197, 10 ** 9), 'opened')
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

void t.test('previous credentials open a push only while configured, and are handed on', async (t) => {
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
})
