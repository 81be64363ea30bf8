// Owns: that no ticket, code or token is left of what goes to consumers, by whatever name and in whatever notation it stood there.
import t from 'tap'
import { textWithoutSecrets, withoutComponentSecrets, withoutSecrets, type XmlTree } from '@wxgw/wechat-core'
import { words } from '../../helpers/words.ts'

const NAMES = words`
  ComponentVerifyTicket component_verify_ticket AuthorizationCode authorization_code PreAuthCode pre_auth_code auth_code
  AuthCode access_token component_access_token authorizer_access_token AuthorizerAccessToken refresh_token
  authorizer_refresh_token component_appsecret EncodingAESKey session_key
`
const VALUES = ['CANARY', 'ticket@@@CANARY-0_x', 'CANARY/+==', 'CANARY with blanks']

const hex = (text: string) => Buffer.from(text).toString('hex')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const mixed = (text: string) =>
  text
    .split('')
    .map((letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase()))
    .join('')
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const inUnicode = (text: string) =>
  text
    .split('')
    .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
const inReferences = (text: string) =>
  text
    .split('')
    .map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`)
    .join('')
const written = (text: string, one: (code: number) => string) => [...Buffer.from(text)].map(one).join('')
const percent = (text: string) => written(text, (code) => `%${code.toString(16)}`).replaceAll('%25', '%')
const separated = (text: string, by: string) => text.replace(/..(?!$)/g, `$&${by}`)
const wrapped = (text: string, by: string) => text.replace(/.{15}/g, `$&${by}`)
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
  'JSON within CDATA': [
    (name, value) => `<x><![CDATA[${json(name, value)}]]></x>`,
    (name) => `<x><![CDATA[${json(name, '')}]]></x>`,
  ],
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
  'full width': [
    (name, value) =>
      `{"${name
        .split('')
        .map((letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0))
        .join('')}":"${value}"}`,
  ],
  'UTF-16': [(name, value) => json(name, value).split('').join('\u0000')],
  'base64 of UTF-16': [(name, value) => Buffer.from(json(name, value), 'utf16le').toString('base64')],
  'base64, wrapped': [(name, value) => wrapped(base64(json(name, value)), '\n')],
  'base64, wrapped within JSON': [
    (name, value) => JSON.stringify({ info: wrapped(base64(json(name, value)), '\r\n') }),
  ],
  'base64 of the name': [(name, value) => `{"${base64(name)}":"${value}"}`],
  'base64 of base64, six deep': [
    (name, value) =>
      Array(5)
        .fill(0)
        .reduce((text: string) => base64(text), json(name, value)),
  ],
  'hex with colons': [(name, value) => separated(hex(json(name, value)), ':')],
  'hex with blanks': [(name, value) => separated(hex(json(name, value)), ' ')],
  'bytes in a program': [
    (name, value) => [...Buffer.from(name)].map((byte) => `0x${byte.toString(16)}`).join(', ') + value,
  ],
  'decimal bytes': [(name, value) => `${[...Buffer.from(name)].join(',')} ${value}`],
  'numeric references without semicolons': [(name, value) => `${inReferences(name).replaceAll(';', '')} ${value}`],
  'decimal references without semicolons': [(name, value) => `${written(name, (code) => `&#${code}`)} ${value}`],
  'quoted-printable': [(name, value) => `${written(name, (code) => `=${code.toString(16).toUpperCase()}`)}: ${value}`],
  octal: [(name, value) => `${written(name, (code) => `\\${code.toString(8).padStart(3, '0')}`)}: ${value}`],
  'code points': [(name, value) => `${written(name, (code) => `\\u{${code.toString(16)}}`)}: ${value}`],
  'percent signs six times': [(name, value) => percent(percent(percent(percent(percent(percent(xml(name, value)))))))],
  'percent signs twelve times': [
    (name, value) =>
      Array(12)
        .fill(0)
        .reduce((text: string) => encodeURIComponent(text), percent(xml(name, value))),
  ],
  'a comment within the name': [(name, value) => `<${name.slice(0, 4)}<!-- x -->${name.slice(4)}>${value}`],
  'CDATA within the name': [(name, value) => `<${name.slice(0, 4)}<![CDATA[${name.slice(4)}]]>>${value}`],
  'a query with references': [(name, value) => `${name}=a&amp;${encodeURIComponent(value)}`],
  'with zero-width spaces': [(name, value) => name.split('').join('\u200b') + value],
}

const isLeft = (text: string, value: string) => {
  const plain = [
    text,
    decodeURIComponentSafely(text),
    Buffer.from(text, 'base64').toString('latin1'),
    Buffer.from(text, 'hex').toString('latin1'),
  ]
  return plain.some((form) =>
    form.replaceAll('\u0000', '').includes(value.slice(value.indexOf('CANARY'), value.indexOf('CANARY') + 6)),
  )
}

/** The same in each run. */
function randomText(length: number): string {
  let state = 1
  return Buffer.from(Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) % 256)).toString('base64')
}

function decodeURIComponentSafely(text: string): string {
  return text.replace(/%([0-9A-F]{2})/gi, (_written, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

void t.test('every name in every notation loses its value, and what is certain around it stays', async (t) => {
  const problems: string[] = []
  let texts = 0
  for (const name of NAMES.flatMap((name) => [
    name,
    name.toLowerCase(),
    name.toUpperCase(),
    mixed(name),
    name.replaceAll('_', '-'),
  ])) {
    for (const [notation, [write, left]] of Object.entries(NOTATIONS)) {
      for (const value of VALUES) {
        texts += 1
        const cleaned = textWithoutSecrets(write(name, value)) ?? ''
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
    'InfoType=component_verify_ticket&a=1',
    'please pay &#65;1,234.50; a=41, b=42; call 021-555-12-34-56-78-90 or 10 20 30 40 50 60 70',
    'see https://a.example/path/to/some/long/name?q=%E4%BD%A0%E5%A5%BD&amp;redirect=https%253A%252F%252Fb.example%252Fx',
    'MAC 00:1a:2b:3c:4d:5e, sha 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12, C:\\Users\\name\\new\\table',
    Buffer.from(JSON.stringify({ Content: '你好, hello', List: ['a', 'b'] })).toString('base64'),
    `the quick brown fox ${'jumps over the lazy dog; 你好世界。 '.repeat(2_000)}`,
    `picture ${randomText(300_000)}`,
    `picture ${Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 37) % 251)).toString('base64')}`,
  ]
  for (const text of texts) t.equal(textWithoutSecrets(text), text, text.slice(0, 60))
})

void t.test('an InfoType that is a name with a value hides nothing', async (t) => {
  const texts = [
    'InfoType=component_verify_ticket=CANARY',
    '"InfoType":"component_verify_ticket":"CANARY"',
    'InfoType component_verify_ticket CANARY',
  ]
  for (const text of texts) t.notMatch(textWithoutSecrets(text) ?? '', 'CANARY', text)
})

void t.test('a mebibyte of the worst is looked through in time that grows with its length', async (t) => {
  const mebibyte = 1_048_576
  for (const part of [
    'a',
    'auth_code',
    '<auth_code>',
    '"auth_code":"',
    '"auth_code" : \\"',
    'auth_code=',
    '&lt;auth_code&gt;',
    '\\\\',
    '<![CDATA[',
    '%25',
    '&amp;',
    'QUJD',
    '<auth_code>   ',
    'InfoType     ',
    '<!--',
    '&#x0',
    '43 ',
    '43:6f ',
    '111,',
    'QUJ\n',
    '=4',
    '\\u{0',
    '%2525',
  ]) {
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
    info: {
      ...secrets,
      json: json('auth_code', 'CANARY'),
      encoded: base64(json('auth_code', 'CANARY')),
      deeper: { keep: '', ...secrets },
      list: [{ ...secrets, keep: '1' }, 'text'],
    },
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
  const message: XmlTree = {
    MsgType: 'text',
    Content: '{"auth_code":"mine"}',
    Token: 't',
    Info: { List: [{ a: '1' }] },
  }
  t.equal(withoutComponentSecrets(message), message)
  const tokens = {
    authorizer_refresh_token: 'CANARY',
    authorizer_access_token: 'CANARY',
    component_access_token: 'CANARY',
  }
  const odd: XmlTree = {
    ...message,
    ComponentVerifyTicket: 'CANARY',
    Info: { List: [{ PreAuthCode: 'CANARY', a: '1' }], authorizationcode: 'CANARY' },
    ...tokens,
  }
  t.same(withoutComponentSecrets(odd), message)
})
