// Owns: documents as WeChat writes them (component events, messages, events), and what consumers must get for each.

export const COMPONENT = 'wxc0de000000000001'
export const AUTHORIZER = 'wxa0000000000000a1'

export type PushedDocument = {
  what: string
  xml: string
  expected: { type: string; subject?: string; authorizerappid?: string; data: Record<string, unknown> }
}

const head = (time: number) => `<xml><AppId><![CDATA[${COMPONENT}]]></AppId>\n<CreateTime>${time}</CreateTime>\n`
const common = (time: number, infoType: string) => ({ AppId: COMPONENT, CreateTime: String(time), InfoType: infoType })

/** To the component's event URL. */
export const COMPONENT_DOCUMENTS: readonly PushedDocument[] = [
  {
    what: 'a trial mini program was created',
    xml: `${head(1760000300)}<InfoType><![CDATA[notify_third_fastregisterbetaapp]]></InfoType>
<appid><![CDATA[wxTRIAL00000000001]]></appid><status>0</status><msg><![CDATA[OK]]></msg>
<info><unique_id><![CDATA[uid]]></unique_id><name><![CDATA[trial]]></name></info></xml>`,
    expected: {
      type: 'wechat.component.notify_third_fastregisterbetaapp',
      subject: 'wxTRIAL00000000001',
      authorizerappid: 'wxTRIAL00000000001',
      data: {
        ...common(1760000300, 'notify_third_fastregisterbetaapp'),
        appid: 'wxTRIAL00000000001',
        status: '0',
        msg: 'OK',
        info: { unique_id: 'uid', name: 'trial' },
      },
    },
  },
  {
    what: 'an element that is empty, and numbers without CDATA',
    xml: `${head(1760000400)}<InfoType><![CDATA[notify_third_fastverifybetaapp]]></InfoType>
<appid><![CDATA[wxTRIAL00000000001]]></appid><status>0</status><msg>OK</msg>
<info><name/><code/><code_type>1</code_type><legal_persona_wechat/><component_phone/></info></xml>`,
    expected: {
      type: 'wechat.component.notify_third_fastverifybetaapp',
      authorizerappid: 'wxTRIAL00000000001',
      data: {
        ...common(1760000400, 'notify_third_fastverifybetaapp'),
        appid: 'wxTRIAL00000000001',
        status: '0',
        msg: 'OK',
        info: { name: '', code: '', code_type: '1', legal_persona_wechat: '', component_phone: '' },
      },
    },
  },
  {
    what: 'white space around a CDATA, and text over two lines in it',
    xml: `${head(1760000800)}<InfoType><![CDATA[notify_3rd_wxa_wxverify]]></InfoType><appid><![CDATA[wxMINI000000000001]]></appid><expired>1763000000</expired>
<message>
  <![CDATA[two lines
of text]]>
</message></xml>`,
    expected: {
      type: 'wechat.component.notify_3rd_wxa_wxverify',
      authorizerappid: 'wxMINI000000000001',
      data: {
        ...common(1760000800, 'notify_3rd_wxa_wxverify'),
        appid: 'wxMINI000000000001',
        expired: '1763000000',
        message: 'two lines\nof text',
      },
    },
  },
  {
    what: 'repeated siblings',
    xml: `${head(1760000900)}<InfoType><![CDATA[order_path_audit_result_notify]]></InfoType>
<list><appid><![CDATA[wxMINI000000000001]]></appid><audit_id>1001</audit_id><status>4</status><reason><![CDATA[]]></reason></list>
<list><appid><![CDATA[wxMINI000000000002]]></appid><audit_id>1002</audit_id><reason><![CDATA[]]></reason></list>
</xml>`,
    expected: {
      type: 'wechat.component.order_path_audit_result_notify',
      data: {
        ...common(1760000900, 'order_path_audit_result_notify'),
        list: [
          { appid: 'wxMINI000000000001', audit_id: '1001', status: '4', reason: '' },
          { appid: 'wxMINI000000000002', audit_id: '1002', reason: '' },
        ],
      },
    },
  },
  {
    what: 'an InfoType that WeChat may invent tomorrow, with characters that no type has',
    xml: `${head(1760000950)}<InfoType><![CDATA[Notify New/Thing]]></InfoType><x>1</x></xml>`,
    expected: {
      type: 'wechat.component.notify_new_thing',
      data: { ...common(1760000950, 'Notify New/Thing'), x: '1' },
    },
  },
]

const to = (time: number) =>
  `<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName><FromUserName><![CDATA[oUSER]]></FromUserName><CreateTime>${time}</CreateTime>\n`
const from = (time: number, rest: Record<string, unknown>) => ({
  ToUserName: 'gh_000000000001',
  FromUserName: 'oUSER',
  CreateTime: String(time),
  ...rest,
})
const event = (time: number, name: string, rest: Record<string, unknown>) =>
  from(time, { MsgType: 'event', Event: name, ...rest })
const opening = (time: number, name: string) =>
  `${to(time)}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[${name}]]></Event>`

/** To the authorizer's callback URL. */
export const MESSAGE_DOCUMENTS: readonly PushedDocument[] = [
  {
    what: 'a text with blanks at both ends, markup and a 64-bit id',
    xml: `${to(1760001000)}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[ 007 <b>]]></Content><MsgId>6074746557628292943</MsgId></xml>`,
    expected: {
      type: 'wechat.message.text',
      subject: 'oUSER',
      data: from(1760001000, { MsgType: 'text', Content: ' 007 <b>', MsgId: '6074746557628292943' }),
    },
  },
  {
    what: 'items inside a list',
    xml: `${opening(1760001001, 'pic_weixin')}<EventKey><![CDATA[6]]></EventKey>
<SendPicsInfo><Count>2</Count>
<PicList><item><PicMd5Sum><![CDATA[aaaa]]></PicMd5Sum></item><item><PicMd5Sum><![CDATA[bbbb]]></PicMd5Sum></item></PicList></SendPicsInfo></xml>`,
    expected: {
      type: 'wechat.event.pic_weixin',
      subject: 'oUSER',
      data: event(1760001001, 'pic_weixin', {
        EventKey: '6',
        SendPicsInfo: { Count: '2', PicList: { item: [{ PicMd5Sum: 'aaaa' }, { PicMd5Sum: 'bbbb' }] } },
      }),
    },
  },
  {
    what: 'empty CDATA and text with a blank in front',
    xml: `${opening(1760001002, 'location_select')}<EventKey><![CDATA[6]]></EventKey>
<SendLocationInfo><Location_X><![CDATA[23]]></Location_X><Label><![CDATA[ some label]]></Label><Poiname><![CDATA[]]></Poiname></SendLocationInfo></xml>`,
    expected: {
      type: 'wechat.event.location_select',
      data: event(1760001002, 'location_select', {
        EventKey: '6',
        SendLocationInfo: { Location_X: '23', Label: ' some label', Poiname: '' },
      }),
    },
  },
  {
    what: 'one List that may be several',
    xml: `${opening(1760001003, 'subscribe_msg_change_event')}<SubscribeMsgChangeEvent>
<List><TemplateId><![CDATA[T1]]></TemplateId><SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString></List>
</SubscribeMsgChangeEvent></xml>`,
    expected: {
      type: 'wechat.event.subscribe_msg_change_event',
      data: event(1760001003, 'subscribe_msg_change_event', {
        SubscribeMsgChangeEvent: { List: [{ TemplateId: 'T1', SubscribeStatusString: 'reject' }] },
      }),
    },
  },
  {
    what: 'an Event in capitals, MsgID beside MsgId, one item',
    xml: `${opening(1760001004, 'MASSSENDJOBFINISH')}<MsgID>1000001625</MsgID><Status><![CDATA[err(30003)]]></Status><TotalCount>0</TotalCount>
<ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl><![CDATA[u]]></ArticleUrl></item></ResultList></ArticleUrlResult></xml>`,
    expected: {
      type: 'wechat.event.masssendjobfinish',
      data: event(1760001004, 'MASSSENDJOBFINISH', {
        MsgID: '1000001625',
        Status: 'err(30003)',
        TotalCount: '0',
        ArticleUrlResult: { Count: '1', ResultList: { item: [{ ArticleIdx: '1', ArticleUrl: 'u' }] } },
      }),
    },
  },
  {
    what: 'one detail that may be several, errcode beside it',
    xml: `${opening(1760001005, 'wxa_media_check')}<appid><![CDATA[wxMINI000000000001]]></appid><version>2</version>
<detail><strategy><![CDATA[content_model]]></strategy><errcode>0</errcode><prob>90</prob></detail>
<errcode>0</errcode><errmsg><![CDATA[ok]]></errmsg><result><suggest><![CDATA[pass]]></suggest><label>100</label></result></xml>`,
    expected: {
      type: 'wechat.event.wxa_media_check',
      data: event(1760001005, 'wxa_media_check', {
        appid: 'wxMINI000000000001',
        version: '2',
        detail: [{ strategy: 'content_model', errcode: '0', prob: '90' }],
        errcode: '0',
        errmsg: 'ok',
        result: { suggest: 'pass', label: '100' },
      }),
    },
  },
  {
    what: 'HTML in CDATA, ids joined by a bar without it',
    xml: `${opening(1760001006, 'weapp_audit_fail')}<Reason><![CDATA[1:x<br>(1):y<br>]]></Reason><FailTime>1760001000</FailTime><ScreenShot>m1|m2|m3</ScreenShot></xml>`,
    expected: {
      type: 'wechat.event.weapp_audit_fail',
      data: event(1760001006, 'weapp_audit_fail', {
        Reason: '1:x<br>(1):y<br>',
        FailTime: '1760001000',
        ScreenShot: 'm1|m2|m3',
      }),
    },
  },
  {
    what: 'a code with leading zeros, numbers that look like others',
    xml: `${opening(1760001007, 'user_get_card')}<UserCardCode><![CDATA[018255396048]]></UserCardCode><OuterStr>1e5</OuterStr><IsGiveByFriend>true</IsGiveByFriend></xml>`,
    expected: {
      type: 'wechat.event.user_get_card',
      data: event(1760001007, 'user_get_card', {
        UserCardCode: '018255396048',
        OuterStr: '1e5',
        IsGiveByFriend: 'true',
      }),
    },
  },
]
