// Owns: how messages and events of authorizers are understood, sample by sample, and what is set aside.
import t from 'tap'
import { eventId, parseAuthorizerMessage, type AuthorizerMessage, type XmlTree } from '@wxgw/wechat-core'
import { words } from '../../helpers/words.ts'
import { VECTORS, vector } from '../../helpers/wxbizmsgcrypt-vectors.ts'

const RECEIVED_AT_MS = 1_760_001_002_345

function parsed(text: string): AuthorizerMessage {
  return parseAuthorizerMessage(text, RECEIVED_AT_MS)
}

function document(fields: string, msgType = 'event'): string {
  return `<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName><FromUserName><![CDATA[oUSER]]></FromUserName>
<CreateTime>1760001000</CreateTime>
<MsgType><![CDATA[${msgType}]]></MsgType>${fields}</xml>`
}

function dataOf(text: string): XmlTree {
  const message = parsed(text)
  if (message.kind !== 'message') throw new Error(message.reason)
  return message.data
}

const ENVELOPE = { ToUserName: 'gh_000000000001', FromUserName: 'oUSER', CreateTime: '1760001000' }

void t.test('a text message keeps its blanks, its markup and its 64-bit id', async (t) => {
  const text = document('<Content><![CDATA[ 007 <b>]]></Content><MsgId>6074746557628292943</MsgId>', 'text')
  t.same(parsed(text), {
    kind: 'message',
    toUserName: 'gh_000000000001',
    fromUserName: 'oUSER',
    createTimeSeconds: 1_760_001_000,
    msgType: 'text',
    event: undefined,
    data: { ...ENVELOPE, MsgType: 'text', Content: ' 007 <b>', MsgId: '6074746557628292943' },
  })
})

void t.test('the official and the real messages are understood', async (t) => {
  t.match(parsed(vector('O1').plaintext), {
    kind: 'message',
    toUserName: 'gh_97417a04a28d',
    event: 'debug_demo',
    data: { debug_str: 'hello world' },
  })
  t.match(parsed(vector('V5').plaintext), {
    kind: 'message',
    msgType: 'text',
    data: { Content: '你好', MsgId: '6074746557628292943' },
  })
  t.equal(VECTORS.filter(({ plaintext }) => parsed(plaintext).kind === 'message').length, 4)
})

void t.test('names and ids may stand between line feeds', async (t) => {
  const text =
    '<xml>\n<ToUserName>\n<![CDATA[gh_1]]>\n</ToUserName><FromUserName> o1 </FromUserName><CreateTime>\n1760001000\n</CreateTime><MsgType> event </MsgType><Event> SCAN </Event></xml>'
  t.match(parsed(text), {
    toUserName: 'gh_1',
    fromUserName: 'o1',
    createTimeSeconds: 1_760_001_000,
    msgType: 'event',
    event: 'SCAN',
  })
})

const MEMBERS = { ToUserName: 'gh_000000000001', FromUserName: 'oUSER', CreateTime: '1760001000' }
type Member = keyof typeof MEMBERS
const ODD: Record<string, (name: string, value: string) => string> = {
  right: (name, value) => `<${name}><![CDATA[${value}]]></${name}>`,
  missing: () => '',
  empty: (name) => `<${name}/>`,
  blank: (name) => `<${name}> \n </${name}>`,
  repeated: (name, value) => `<${name}>${value}</${name}><${name}>${value}</${name}>`,
  nested: (name, value) => `<${name}><a>${value}</a></${name}>`,
  deeper: (name, value) => `<A><${name}>${value}</${name}></A>`,
}
const TIMES = words`1760001000123 NaN -1 0 1e9 9e99 0x10 1.5 2025-10-09 １７６０００１０００ 1760088403 9999999999 12345678901`

void t.test('a message or event is what it says it is, whatever else is missing, empty or odd', async (t) => {
  const kinds = {
    '<MsgType>text</MsgType><Content>x</Content>': undefined,
    '<MsgType>event</MsgType><Event>minigame_coin_deliver_completed</Event>': 'minigame_coin_deliver_completed',
  }
  const ids = new Set<string>()
  let documents = 0
  for (const [kind, event] of Object.entries(kinds)) {
    for (const to of Object.keys(ODD)) {
      for (const from of Object.keys(ODD)) {
        for (const time of [...Object.keys(ODD), ...TIMES]) {
          const written = (member: Member, how: string) =>
            ODD[how]?.(member, MEMBERS[member]) ?? `<CreateTime>${how}</CreateTime>`
          const text = `<xml>${written('ToUserName', to)}${written('FromUserName', from)}${written('CreateTime', time)}${kind}</xml>`
          const message = parsed(text)
          const expected = [
            to === 'right' ? MEMBERS.ToUserName : '',
            from === 'right' ? MEMBERS.FromUserName : '',
            time === 'right' ? 1_760_001_000 : undefined,
            event,
          ]
          documents += 1
          if (message.kind !== 'message') {
            t.fail(`${text} is ${message.reason}`)
            continue
          }
          const read = [message.toUserName, message.fromUserName, message.createTimeSeconds, message.event]
          // Two thousand documents: only what is wrong is worth a line.
          if (JSON.stringify(read) !== JSON.stringify(expected)) t.same(read, expected, text)
          ids.add(eventId({ platform: 'open1', appId: 'wxa', kind: 'authorizer', content: message.data }))
        }
      }
    }
  }
  // An empty element and a blank one are two texts; nothing else is the same push.
  t.equal(ids.size, documents, `${documents} documents`)
})

void t.test('a CreateTime is a second of the past, or of the next day', async (t) => {
  const at = (written: string | number) => {
    const message = parsed(document('<Content>x</Content>', 'text').replace('1760001000', String(written)))
    return message.kind === 'message' ? message.createTimeSeconds : message.reason
  }
  const seconds = Math.floor(RECEIVED_AT_MS / 1000)
  for (const second of [1, 1_000_000_000, seconds - 100_000, seconds, seconds + 86_400]) t.equal(at(second), second)
  for (const second of [seconds + 86_401, seconds * 1000, 0]) t.equal(at(second), undefined)
})

void t.test('only a non-document, or one without its type, is unparsed: with text and reason', async (t) => {
  const right = document('<Content>x</Content>', 'text')
  const msgType = '<MsgType><![CDATA[text]]></MsgType>'
  const texts: Record<string, [text: string, reason: string]> = {
    'not XML': ['hello', 'not-xml'],
    JSON: [vector('O3').plaintext, 'not-xml'],
    empty: ['', 'not-xml'],
    'a doctype': [`<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]>${right}`, 'declaration'],
    'an unclosed tag': [right.slice(0, -3), 'not-well-formed'],
    'another root': [right.replaceAll('xml>', 'XML>'), 'wrong-root'],
    'a dangerous name': [right.replace(msgType, `${msgType}<__proto__>x</__proto__>`), 'dangerous-name'],
    'no MsgType': [right.replace(msgType, ''), 'no-msg-type'],
    'empty MsgType': [document('', ''), 'no-msg-type'],
    'two MsgType': [right.replace(msgType, msgType + msgType), 'no-msg-type'],
    'nested MsgType': [right.replace(msgType, '<MsgType><a>text</a></MsgType>'), 'no-msg-type'],
    'an event without a name': [document(''), 'no-event'],
    'an event with an empty name': [document('<Event/>', 'Event'), 'no-event'],
    'a component event': [
      '<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1760001000</CreateTime><InfoType>unauthorized</InfoType></xml>',
      'no-msg-type',
    ],
  }
  for (const [name, [text, reason]] of Object.entries(texts))
    t.same(parsed(text), { kind: 'unparsed', raw: text, reason }, name)
})

/** Where an element stands of which WeChat may send several. */
const REPEATED = words`
  SendPicsInfo>PicList>item CopyrightCheckResult>ResultList>item ArticleUrlResult>ResultList>item
  PublishEventInfo>article_detail>item PublishEventInfo>fail_idx SubscribeMsgPopupEvent>List
  SubscribeMsgChangeEvent>List SubscribeMsgSentEvent>List list Actions Cargo>DetailList material
  material>appeal_material>proof_material_id BussiCallBackInfo>history BussiCallBackInfo>history>media_id_list
  SceneGroupAudit>scene_group_ext_list item_info>update_fields AroundBeacons>AroundBeacon voucher_list detail
`

void t.test('an element that WeChat may repeat is an array, also when it comes once', async (t) => {
  for (const path of REPEATED) {
    const names = path.split('>')
    const last = names.at(-1) ?? ''
    for (const values of [['1'], ['1', '2']]) {
      const inner = values.map((value) => `<${last}>${value}</${last}>`).join('')
      const xml = names.slice(0, -1).reduceRight((written, name) => `<${name}>${written}</${name}>`, inner)
      let found: unknown = dataOf(document(`<Event>x</Event>${xml}`))
      for (const name of names) found = record(Array.isArray(found) ? found[0] : found)[name]
      t.strictSame(found, values, `${path}, ${values.length}`)
    }
  }
})

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
