// Owns: samples by name: every message and event of the catalogue, and some that break parsers: 64-bit ids, leading
// zeros, empty CDATA, a list of one, unknown events.
import { newMsgId } from '../ledger/opaque-values.ts'
import { CATALOGUE_SAMPLES } from './catalogue-samples.ts'
import type { MessageFields } from './message-xml.ts'

export type MessageSample = { msgType: string; fields: MessageFields; xml?: string }

const item = (hash: string) => `<item><PicMd5Sum><![CDATA[${hash}]]></PicMd5Sum></item>`

const TRAPS: Readonly<Record<string, () => MessageSample>> = {
  text: () => ({ msgType: 'text', fields: { Content: ' 007 <b> 你好 🙂𠮷 ', MsgId: newMsgId() } }),
  location: () => ({
    msgType: 'location',
    fields: { Location_X: 23.134521, Location_Y: 113.358803, Scale: 20, Label: '', MsgId: newMsgId() },
  }),
  file: () => ({
    msgType: 'file',
    fields: { Title: '0012.pdf', Description: '', FileKey: 'k', FileMd5: '1e5', FileTotalLen: 1024, MsgId: newMsgId() },
  }),
  large: () => ({ msgType: 'text', fields: { Content: '长'.repeat(20_000), MsgId: newMsgId() } }),
  card: () => ({
    msgType: 'event',
    fields: { Event: 'user_get_card', CardId: 'card-1', UserCardCode: '018255396048', OuterStr: '' },
    xml: '<UnionId>\n  <![CDATA[union]]>\n</UnionId>',
  }),
  pic_weixin_one: () => ({
    msgType: 'event',
    fields: { Event: 'pic_weixin', EventKey: '6' },
    xml: `<SendPicsInfo><Count>1</Count><PicList>${item('aaaa')}</PicList></SendPicsInfo>`,
  }),
  pic_weixin_two_lists: () => ({
    msgType: 'event',
    fields: { Event: 'pic_weixin', EventKey: '6' },
    xml: `<SendPicsInfo><PicList>${item('aaaa')}</PicList><PicList>${item('bbbb')}</PicList><Count>2</Count></SendPicsInfo>`,
  }),
  subscribe_msg_one: () => ({
    msgType: 'event',
    fields: { Event: 'subscribe_msg_popup_event' },
    xml:
      '<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[T1]]></TemplateId>' +
      '<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>2</PopupScene></List></SubscribeMsgPopupEvent>',
  }),
  unknown_event: () => ({ msgType: 'event', fields: { Event: 'something_WeChat_adds_Tomorrow', NewField: '1' } }),
  unknown_type: () => ({ msgType: 'hologram', fields: { MsgId: newMsgId() } }),
}

/** Short names of types in the catalogue. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  image: 'wechat.message.image',
  subscribe: 'wechat.event.subscribe',
  unsubscribe: 'wechat.event.unsubscribe',
  scan: 'wechat.event.scan',
  location_event: 'wechat.event.location',
  pic_weixin: 'wechat.event.pic_weixin',
  subscribe_msg: 'wechat.event.subscribe_msg_popup_event',
  mass_send: 'wechat.event.masssendjobfinish',
  media_check: 'wechat.event.wxa_media_check',
  audit_fail: 'wechat.event.weapp_audit_fail',
  publish: 'wechat.event.publishjobfinish',
}

export const MESSAGE_SAMPLES: readonly string[] = [
  ...Object.keys(TRAPS),
  ...Object.keys(SHORT_NAMES),
  ...CATALOGUE_SAMPLES.keys(),
]

/** Throws a RangeError that lists the names for an unknown one. */
export function messageSample(name: string): MessageSample {
  const trap = Object.hasOwn(TRAPS, name) ? TRAPS[name] : undefined
  const type = Object.hasOwn(SHORT_NAMES, name) ? SHORT_NAMES[name] : name
  const sample = trap ?? CATALOGUE_SAMPLES.get(type ?? '')
  if (!sample) throw new RangeError(`no such sample; there are ${MESSAGE_SAMPLES.join(', ')}`)
  return sample()
}
