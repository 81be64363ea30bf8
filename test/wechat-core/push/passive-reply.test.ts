// Owns: passive replies, from JSON to the encrypted body, and back with the package's own door.
import t from 'tap'
import type { Reply } from '@wxgw/contracts'
import {
  buildReplyXml,
  isReplyDocument,
  decodeEncodingAesKey,
  openEnvelope,
  parseXml,
  sealReply,
  Secret,
  type PassiveReply,
} from '@wxgw/wechat-core'
import { vector } from '../../helpers/wxbizmsgcrypt-vectors.ts'
import { AES_KEY, COMPONENT, envelope, KEYS, NOW_SECONDS, TOKEN } from './make-push.ts'

const ADDRESS = { toUserName: 'oUSER', fromUserName: 'gh_1', createTimeSeconds: NOW_SECONDS }

// Holds at compile time: what contracts' schema accepts can be written without a conversion.
const asPassiveReply = (reply: Reply): PassiveReply => reply

void t.test('every kind of reply is written as WeChat reads it', async (t) => {
  const head = (msgType: string) =>
    `<xml><ToUserName><![CDATA[oUSER]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime>${NOW_SECONDS}</CreateTime><MsgType><![CDATA[${msgType}]]></MsgType>`
  const replies: Array<[PassiveReply, string]> = [
    [{ MsgType: 'text', Content: '你好 ]]> <a>' }, '<Content><![CDATA[你好 ]]]]><![CDATA[> <a>]]></Content>'],
    [{ MsgType: 'image', Image: { MediaId: 'm' } }, '<Image><MediaId><![CDATA[m]]></MediaId></Image>'],
    [{ MsgType: 'voice', Voice: { MediaId: 'm' } }, '<Voice><MediaId><![CDATA[m]]></MediaId></Voice>'],
    [
      { MsgType: 'video', Video: { MediaId: 'm', Title: 't', Description: 'd' } },
      '<Video><MediaId><![CDATA[m]]></MediaId><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description></Video>',
    ],
    [
      { MsgType: 'music', Music: { Title: 't', MusicUrl: 'u', HQMusicUrl: 'h', ThumbMediaId: 'm' } },
      '<Music><Title><![CDATA[t]]></Title><MusicUrl><![CDATA[u]]></MusicUrl><HQMusicUrl><![CDATA[h]]></HQMusicUrl><ThumbMediaId><![CDATA[m]]></ThumbMediaId></Music>',
    ],
    [
      {
        MsgType: 'news',
        Articles: [
          { Title: 'a', Url: '1' },
          { Title: 'b', Description: 'd', PicUrl: 'p', Url: '2' },
        ],
      },
      '<ArticleCount>2</ArticleCount><Articles><item><Title><![CDATA[a]]></Title><Url><![CDATA[1]]></Url></item>' +
        '<item><Title><![CDATA[b]]></Title><Description><![CDATA[d]]></Description><PicUrl><![CDATA[p]]></PicUrl><Url><![CDATA[2]]></Url></item></Articles>',
    ],
    [{ MsgType: 'transfer_customer_service' }, ''],
    [
      { MsgType: 'transfer_customer_service', TransInfo: { KfAccount: 'a@b' } },
      '<TransInfo><KfAccount><![CDATA[a@b]]></KfAccount></TransInfo>',
    ],
  ]
  for (const [reply, content] of replies) {
    if ('raw' in reply) continue
    t.equal(buildReplyXml(asPassiveReply(reply), ADDRESS), `${head(reply.MsgType)}${content}</xml>`, reply.MsgType)
  }
})

void t.test('a document of the consumer is sent as it is, when it is one', async (t) => {
  const raw = '<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>'
  t.equal(buildReplyXml({ raw }, ADDRESS), raw)
  const isDocument = (text: string) => isReplyDocument(text, ADDRESS)
  t.ok(isDocument(raw))
  for (const bad of [
    '',
    'hi',
    '<a></a>',
    '<xml><a></xml>',
    '<xml></xml><xml></xml>',
    '<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
  ]) {
    t.notOk(isDocument(bad), bad)
  }
})

void t.test('a document of the consumer names nobody but the two parties of the push', async (t) => {
  const { toUserName, fromUserName } = ADDRESS
  const document = (inner: string) => isReplyDocument(`<xml>${inner}<ErrCode>0</ErrCode></xml>`, ADDRESS)
  t.ok(document(`<ToUserName>${toUserName}</ToUserName><FromUserName><![CDATA[${fromUserName}]]></FromUserName>`))
  const foreign = [
    '<ToUserName>oVICTIM</ToUserName>',
    '<FromUserName>gh_other</FromUserName>',
    `<ToUserName>${fromUserName}</ToUserName>`,
    `<ToUserName>${toUserName}</ToUserName><ToUserName>oVICTIM</ToUserName>`,
    `<ToUserName>${toUserName}</ToUserName><ToUserName>${toUserName}</ToUserName>`,
    `<ToUserName>${toUserName} </ToUserName>`,
    `<ToUserName>${toUserName}<x/></ToUserName>`,
    '<ToUserName/>',
    '<tousername>oVICTIM</tousername>',
    '<a:ToUserName>oVICTIM</a:ToUserName>',
    '<a><b><ToUserName>oVICTIM</ToUserName></b></a>',
    '<item><x>1</x></item><item><ToUserName>oVICTIM</ToUserName></item>',
  ]
  for (const inner of foreign) t.notOk(document(inner), inner)
  const nameless = { toUserName: '', fromUserName: '' }
  t.ok(isReplyDocument('<xml><ErrCode>0</ErrCode></xml>', nameless))
  t.notOk(isReplyDocument('<xml><ToUserName></ToUserName></xml>', nameless))
})

void t.test('the official encrypted reply is reproduced', async (t) => {
  const known = vector('O2')
  const body = sealReply({
    credentials: { token: new Secret(known.token), aesKey: decodeEncodingAesKey(known.encodingAesKey) ?? AES_KEY },
    componentAppId: COMPONENT,
    plaintext: known.plaintext,
    timestampSeconds: 1_713_424_427,
    nonce: '415670741',
    random16: Buffer.from(known.random16),
  })
  t.equal(
    body,
    `<xml><Encrypt><![CDATA[${known.encrypt}]]></Encrypt><MsgSignature><![CDATA[${known.msgSignature}]]></MsgSignature>` +
      '<TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>',
  )
})

void t.test('a sealed reply can be verified and opened by the other side', async (t) => {
  const plaintext = buildReplyXml({ MsgType: 'text', Content: '😀'.repeat(500) }, ADDRESS)
  const credentials = { token: new Secret(TOKEN), aesKey: AES_KEY }
  const sealed = sealReply({
    credentials,
    componentAppId: COMPONENT,
    plaintext,
    timestampSeconds: NOW_SECONDS,
    nonce: 'n-1',
  })
  const written = new Map(Object.entries(parseXml(sealed, { root: 'xml' })))
  const field = (name: string): string => {
    const value = written.get(name)
    return typeof value === 'string' ? value : ''
  }
  t.same([field('TimeStamp'), field('Nonce')], [String(NOW_SECONDS), 'n-1'])
  const opened = openEnvelope({
    keys: KEYS,
    query: { timestamp: field('TimeStamp'), nonce: field('Nonce'), msg_signature: field('MsgSignature') },
    body: envelope(field('Encrypt')),
    nowMs: NOW_SECONDS * 1000,
    maxSkewSeconds: 0,
  })
  t.equal(opened.plaintext, plaintext)
})
