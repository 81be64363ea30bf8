// Owns: that no ticket, code or token is left of what goes to consumers, by whatever name and in whatever notation it stood there.
import t from 'tap'
import { textWithoutSecrets, withoutComponentSecrets, withoutSecrets, type XmlTree } from '@wxgw/wechat-core'

const NAMES = [
  'ComponentVerifyTicket',
  'component_verify_ticket',
  'AuthorizationCode',
  'authorization_code',
  'PreAuthCode',
  'pre_auth_code',
  'auth_code',
  'AuthCode',
  'access_token',
  'component_access_token',
  'authorizer_access_token',
  'AuthorizerAccessToken',
  'refresh_token',
  'authorizer_refresh_token',
  'component_appsecret',
  'EncodingAESKey',
  'session_key',
]
const VALUES = ['CANARY', 'ticket@@@CANARY-0_x', 'CANARY/+==', 'CANARY with blanks']

const hex = (text: string) => Buffer.from(text).toString('hex')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const mixed = (text: string) => text.split('').map((letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase())).join('')
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const inUnicode = (text: string) => text.split('').map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const inReferences = (text: string) => text.split('').map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`).join('')
const xml = (name: string, value: string) => `<xml><A>1</A><${name}>${value}</${name}><B>2</B></xml>`
const json = (name: string, value: string) => JSON.stringify({ A: '1', [name]: value, B: '2' })
const query = (name: string, value: string) => `A=1&${name}=${encodeURIComponent(value)}&B=2`

/** What of the text has to be left; undefined: nothing has to. */
const NOTATIONS: Record<string, [write: (name: string, value: string) => string, left?: (name: string) => string]> = {
  XML: [xml, (name) => xml(name, '')],
  CDATA: [(name, value) => xml(name, `<![CDATA[${value}]]>`), (name) => xml(name, '')],
  'XML, cut off': [(name, value) => `<xml><A>1</A><${name}>${value}`, (name) => `<xml><A>1</A><${name}>`],
  'CDATA, cut off': [(name, value) => `<xml><A>1</A><${name}><![CDATA[${value}`, (name) => `<xml><A>1</A><${name}>`],
  'a closing tag within CDATA': [(name, value) => xml(name, `<![CDATA[x</${name}>${value}]]>`)],
  'XML with an attribute': [(name, value) => `<xml><${name} a="b">${value}</${name}></xml>`],
  'an attribute': [(name, value) => `<xml><a ${name}="${value}"/></xml>`],
  'an element within it': [(name, value) => xml(name, `<a>${value}</a>`)],
  JSON: [json, (name) => json(name, '')],
  'JSON within JSON': [(name, value) => json('info', json(name, value)), (name) => json('info', json(name, ''))],
  'JSON within CDATA': [(name, value) => `<x><![CDATA[${json(name, value)}]]></x>`, (name) => `<x><![CDATA[${json(name, '')}]]></x>`],
  'JSON with blanks': [(name, value) => `{ "${name}" : "${value}" }`, (name) => `{ "${name}" : "" }`],
  'JSON with a list': [(name, value) => `{"${name}":["${value}"]}`],
  'JSON with an escaped quote': [(name, value) => `{"${name}":"a\\"${value}"}`],
  'JSON with a list of pairs': [(name, value) => `[{"key":"${name}","value":"${value}"}]`],
  'JSON with the value first': [(name, value) => `{"value":"${value}","key":"${name}"}`],
  'JSON in unicode escapes': [(name, value) => `{"${inUnicode(name)}":"${value}"}`],
  'single quotes': [(name, value) => `{'${name}': '${value}'}`, (name) => `{'${name}': ''}`],
  'a query': [query, (name) => `A=1&${name}=&B=2`],
  'a query in a text': [(name, value) => `see https://a.example/?${name}=${value} now`],
  'a query, encoded': [(name, value) => encodeURIComponent(query(name, value))],
  'XML, encoded': [(name, value) => encodeURIComponent(xml(name, value))],
  'XML behind references': [(name, value) => escaped(xml(name, value)), (name) => escaped(xml(name, ''))],
  'XML behind references twice': [(name, value) => escaped(escaped(xml(name, value)))],
  'numeric references': [(name, value) => `<x>&lt;${inReferences(name)}&gt;${value}</x>`],
  YAML: [(name, value) => `a: 1\n${name}: ${value}\n`],
  words: [(name, value) => `${name} = ${value}`],
  base64: [(name, value) => base64(json(name, value))],
  'base64 of base64, with something before it': [(name, value) => `data${base64(base64(xml(name, value)))}`],
  hex: [(name, value) => hex(json(name, value))],
  'full width': [(name, value) => `{"${name.split('').map((letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)).join('')}":"${value}"}`],
  'UTF-16': [(name, value) => json(name, value).split('').join('\u0000')],
  'with zero-width spaces': [(name, value) => name.split('').join('\u200b') + value],
}

const isLeft = (text: string, value: string) => {
  const plain = [text, decodeURIComponentSafely(text), Buffer.from(text, 'base64').toString('latin1'), Buffer.from(text, 'hex').toString('latin1')]
  return plain.some((form) => form.replaceAll('\u0000', '').includes(value.slice(value.indexOf('CANARY'), value.indexOf('CANARY') + 6)))
}

function decodeURIComponentSafely(text: string): string {
  return text.replace(/%([0-9A-F]{2})/gi, (_written, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

void t.test('every name in every notation: the value is gone, and what is around it stays where that is certain', async (t) => {
  const problems: string[] = []
  let texts = 0
  for (const name of NAMES.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase(), mixed(name), name.replaceAll('_', '-')])) {
    for (const [notation, [write, left]] of Object.entries(NOTATIONS)) {
      for (const value of VALUES) {
        texts += 1
        const cleaned = textWithoutSecrets(write(name, value))
        if (isLeft(cleaned, value)) problems.push(`${notation}, ${name}: ${cleaned}`)
        else if (cleaned !== (left?.(name) ?? '')) problems.push(`${notation}, ${name}: left is ${cleaned}`)
      }
    }
  }
  t.same(problems.slice(0, 10), [], `${texts} texts`)
})

void t.test('what holds no secret stays as it is', async (t) => {
  const texts = [
    '',
    'hello',
    '<xml><ToUserName>gh</ToUserName><EventKey>x</EventKey><Ticket>gQH47joAAAAAAAAAASxodHRw</Ticket>',
    '{"ToUserName":"gh","Content":"code 1234, token, ticket"}',
    'a=1&b=2',
    `<xml>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</xml>`,
    '<xml><InfoType><![CDATA[component_verify_ticket]]></InfoType><AuthorizationCodeExpiredTime>3600</AuthorizationCodeExpiredTime>',
    '{"InfoType":"component_verify_ticket"}',
    `picture ${Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 37) % 251)).toString('base64')}`,
  ]
  for (const text of texts) t.equal(textWithoutSecrets(text), text, text.slice(0, 60))
})

void t.test('a mebibyte of the worst is looked through in time that grows with its length', async (t) => {
  const mebibyte = 1_048_576
  for (const part of ['a', 'auth_code', '<auth_code>', '"auth_code":"', '"auth_code" : \\"', 'auth_code=', '&lt;auth_code&gt;', '\\\\', '<![CDATA[', '%25', '&amp;', 'QUJD', '<auth_code>   ', 'InfoType     ']) {
    const text = part.repeat(mebibyte / part.length)
    const startedAt = process.cpuUsage()
    textWithoutSecrets(text)
    const { user } = process.cpuUsage(startedAt)
    t.ok(user < 5_000_000, `${part} is linear`)
  }
})

void t.test("a component's event loses them by name at any depth, and within its texts", async (t) => {
  const secrets = Object.fromEntries(NAMES.map((name) => [name, 'CANARY']))
  const tree: XmlTree = {
    ...secrets,
    InfoType: 'x',
    AuthorizationCodeExpiredTime: '3600',
    Ticket: 'kept',
    msg: 'invalid auth_code',
    url: 'https://a.example/?auth_code=CANARY&expires_in=3600',
    info: { ...secrets, json: json('auth_code', 'CANARY'), encoded: base64(json('auth_code', 'CANARY')), deeper: { keep: '', ...secrets }, list: [{ ...secrets, keep: '1' }, 'text'] },
  }
  t.same(withoutSecrets(tree), {
    InfoType: 'x',
    AuthorizationCodeExpiredTime: '3600',
    Ticket: 'kept',
    msg: 'invalid auth_code',
    url: 'https://a.example/?auth_code=&expires_in=3600',
    info: { json: json('auth_code', ''), encoded: '', deeper: { keep: '' }, list: [{ keep: '1' }, 'text'] },
  })
  t.equal(tree['auth_code'], 'CANARY', 'the original is untouched')
})

void t.test("a message loses only what is a component's, and keeps its texts", async (t) => {
  const message: XmlTree = { MsgType: 'text', Content: '{"auth_code":"mine"}', Token: 't', Info: { List: [{ a: '1' }] } }
  t.equal(withoutComponentSecrets(message), message)
  const odd: XmlTree = { ...message, ComponentVerifyTicket: 'CANARY', Info: { List: [{ PreAuthCode: 'CANARY', a: '1' }], authorizationcode: 'CANARY' } }
  t.same(withoutComponentSecrets(odd), message)
})
