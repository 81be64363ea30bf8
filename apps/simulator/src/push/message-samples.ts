// Owns: messages and events with everything that trips parsers: 64-bit ids, leading zeros, empty CDATA, one or many
// siblings, names that differ only in case, events nobody knows.
import { newMsgId } from '../ledger/opaque-values.ts'
import type { MessageFields } from './message-xml.ts'

export type MessageSample = { msgType: string; fields: MessageFields; xml?: string }

const item = (hash: string) => `<item><PicMd5Sum><![CDATA[${hash}]]></PicMd5Sum></item>`
const popup = (id: string, status: string) =>
  `<List><TemplateId><![CDATA[${id}]]></TemplateId><SubscribeStatusString><![CDATA[${status}]]></SubscribeStatusString>` +
  '<PopupScene>2</PopupScene></List>'

const SAMPLES: Readonly<Record<string, () => MessageSample>> = {
  text: () => ({ msgType: 'text', fields: { Content: ' 007 <b> 你好 🙂𠮷 ', MsgId: newMsgId() } }),
  image: () => ({
    msgType: 'image',
    fields: { PicUrl: 'http://mmbiz.qpic.cn/a/0?wx=1&b=2', MediaId: 'media-1', MsgId: newMsgId() },
  }),
  location: () => ({
    msgType: 'location',
    fields: { Location_X: 23.134521, Location_Y: 113.358803, Scale: 20, Label: '', MsgId: newMsgId() },
  }),
  file: () => ({
    msgType: 'file',
    fields: { Title: '0012.pdf', Description: '', FileKey: 'k', FileMd5: '1e5', FileTotalLen: 1024, MsgId: newMsgId() },
  }),
  large: () => ({ msgType: 'text', fields: { Content: '长'.repeat(20_000), MsgId: newMsgId() } }),
  subscribe: () => ({ msgType: 'event', fields: { Event: 'subscribe', EventKey: 'qrscene_0042', Ticket: 'TICKET' } }),
  unsubscribe: () => ({ msgType: 'event', fields: { Event: 'unsubscribe', EventKey: '' } }),
  scan: () => ({ msgType: 'event', fields: { Event: 'SCAN', EventKey: '0042', Ticket: 'TICKET' } }),
  location_event: () => ({
    msgType: 'event',
    fields: { Event: 'LOCATION', Latitude: 23.137466, Longitude: 113.352425, Precision: 119.385040 },
  }),
  card: () => ({
    msgType: 'event',
    fields: { Event: 'user_get_card', CardId: 'card-1', UserCardCode: '018255396048', OuterStr: '' },
    xml: '<UnionId>\n  <![CDATA[union]]>\n</UnionId>',
  }),
  pic_weixin: () => ({
    msgType: 'event',
    fields: { Event: 'pic_weixin', EventKey: '6' },
    xml: `<SendPicsInfo><Count>2</Count>\n<PicList>${item('aaaa')}${item('bbbb')}</PicList></SendPicsInfo>`,
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
  subscribe_msg: () => ({
    msgType: 'event',
    fields: { Event: 'subscribe_msg_popup_event' },
    xml: `<SubscribeMsgPopupEvent>\n${popup('T1', 'accept')}\n${popup('T2', 'reject')}\n</SubscribeMsgPopupEvent>`,
  }),
  subscribe_msg_one: () => ({
    msgType: 'event',
    fields: { Event: 'subscribe_msg_popup_event' },
    xml: `<SubscribeMsgPopupEvent>${popup('T1', 'accept')}</SubscribeMsgPopupEvent>`,
  }),
  mass_send: () => ({
    msgType: 'event',
    fields: { Event: 'MASSSENDJOBFINISH', MsgID: '6074746557628292943', Status: 'err(30003)', TotalCount: 0, SentCount: 0 },
    xml:
      '<ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl><![CDATA[u]]></ArticleUrl>' +
      '</item></ResultList></ArticleUrlResult>',
  }),
  media_check: () => ({
    msgType: 'event',
    fields: { Event: 'wxa_media_check', appid: 'wxMINI000000000001', trace_id: '62f1-2b24-3471', version: 2 },
    xml:
      '<detail><strategy><![CDATA[content_model]]></strategy><errcode>0</errcode><suggest><![CDATA[pass]]></suggest></detail>' +
      '<errcode>0</errcode><errmsg><![CDATA[ok]]></errmsg>',
  }),
  audit_fail: () => ({
    msgType: 'event',
    fields: { Event: 'weapp_audit_fail', Reason: '1:x<br>(1):y<br>', FailTime: 1_760_001_000 },
    xml: '<ScreenShot>m1|m2|m3</ScreenShot>',
  }),
  publish: () => ({
    msgType: 'event',
    fields: { Event: 'PUBLISHJOBFINISH' },
    xml:
      '<PublishEventInfo><publish_id>2247503051</publish_id><publish_status>2</publish_status>' +
      '<fail_idx>1</fail_idx><fail_idx>2</fail_idx></PublishEventInfo>',
  }),
  unknown_event: () => ({ msgType: 'event', fields: { Event: 'something_WeChat_adds_Tomorrow', NewField: '1' } }),
  unknown_type: () => ({ msgType: 'hologram', fields: { MsgId: newMsgId() } }),
}

export const MESSAGE_SAMPLES: readonly string[] = Object.keys(SAMPLES)

/** Throws a RangeError that lists the names when there is no such sample. */
export function messageSample(name: string): MessageSample {
  const sample = Object.hasOwn(SAMPLES, name) ? SAMPLES[name] : undefined
  if (!sample) throw new RangeError(`no such sample; there are ${MESSAGE_SAMPLES.join(', ')}`)
  return sample()
}
