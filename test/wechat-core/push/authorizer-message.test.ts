// Owns: how messages and events of authorizers are understood, sample by sample, and what is set aside.
import t from 'tap'
import { parseAuthorizerMessage, type XmlTree } from '@wxgw/wechat-core'
import { VECTORS, vector } from '../../helpers/wxbizmsgcrypt-vectors.ts'

function document(fields: string, msgType = 'event'): string {
  return `<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName><FromUserName><![CDATA[oUSER]]></FromUserName>
<CreateTime>1760001000</CreateTime>
<MsgType><![CDATA[${msgType}]]></MsgType>${fields}</xml>`
}

function dataOf(text: string): XmlTree {
  const message = parseAuthorizerMessage(text)
  if (message.kind !== 'message') throw new Error(message.reason)
  return message.data
}

const ENVELOPE = { ToUserName: 'gh_000000000001', FromUserName: 'oUSER', CreateTime: '1760001000' }

void t.test('a text message keeps its blanks, its markup and its 64-bit id', async (t) => {
  const text = document('<Content><![CDATA[ 007 <b>]]></Content><MsgId>6074746557628292943</MsgId>', 'text')
  t.same(parseAuthorizerMessage(text), {
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
  t.match(parseAuthorizerMessage(vector('O1').plaintext), {
    kind: 'message',
    toUserName: 'gh_97417a04a28d',
    event: 'debug_demo',
    data: { debug_str: 'hello world' },
  })
  t.match(parseAuthorizerMessage(vector('V5').plaintext), {
    kind: 'message',
    msgType: 'text',
    data: { Content: '你好', MsgId: '6074746557628292943' },
  })
  t.equal(VECTORS.filter(({ plaintext }) => parseAuthorizerMessage(plaintext).kind === 'message').length, 4)
})

void t.test('pictures come as one list, in both shapes, and with a single one', async (t) => {
  const item = (md5: string) => `<item><PicMd5Sum><![CDATA[${md5}]]></PicMd5Sum></item>`
  const head = '<Event><![CDATA[pic_weixin]]></Event><EventKey><![CDATA[6]]></EventKey>'
  const info = (inner: string) => dataOf(document(`${head}<SendPicsInfo>${inner}</SendPicsInfo>`))['SendPicsInfo']
  const two = { Count: '2', PicList: { item: [{ PicMd5Sum: 'aaaa' }, { PicMd5Sum: 'bbbb' }] } }
  t.same(info(`<Count>2</Count>\n<PicList>${item('aaaa')}${item('bbbb')}</PicList>`), two)
  t.same(info(`<PicList>${item('aaaa')}</PicList><PicList>${item('bbbb')}</PicList><Count>2</Count>`), two)
  t.same(info(`<Count>1</Count><PicList>${item('aaaa')}</PicList>`), { Count: '1', PicList: { item: [{ PicMd5Sum: 'aaaa' }] } })
})

void t.test('a location keeps blanks and empty elements', async (t) => {
  const data = dataOf(
    document(`<Event><![CDATA[location_select]]></Event><EventKey><![CDATA[6]]></EventKey>
<SendLocationInfo><Location_X><![CDATA[23]]></Location_X><Location_Y><![CDATA[113]]></Location_Y><Scale><![CDATA[15]]></Scale>
<Label><![CDATA[ some label]]></Label><Poiname><![CDATA[]]></Poiname></SendLocationInfo>`),
  )
  t.same(data['SendLocationInfo'], { Location_X: '23', Location_Y: '113', Scale: '15', Label: ' some label', Poiname: '' })
  t.equal(data['EventKey'], '6')
})

void t.test('subscription events have lists, of two and of one', async (t) => {
  const list = (id: string) =>
    `<List><TemplateId><![CDATA[${id}]]></TemplateId><SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString></List>`
  const event = (inner: string) =>
    dataOf(
      document(
        `<Event><![CDATA[subscribe_msg_popup_event]]></Event>\n<SubscribeMsgPopupEvent>\n${inner}\n</SubscribeMsgPopupEvent>`,
      ),
    )['SubscribeMsgPopupEvent']
  const entry = (id: string) => ({ TemplateId: id, SubscribeStatusString: 'accept' })
  t.same(event(list('T1') + list('T2')), { List: [entry('T1'), entry('T2')] })
  t.same(event(list('T1')), { List: [entry('T1')] })
})

void t.test('the end of a mass message has lists of articles', async (t) => {
  const data = dataOf(
    document(`<Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>1000001625</MsgID><Status><![CDATA[err(30003)]]></Status>
<CopyrightCheckResult><Count>2</Count><ResultList>
<item><ArticleIdx>1</ArticleIdx><OriginalArticleUrl><![CDATA[u1]]></OriginalArticleUrl></item>
<item><ArticleIdx>2</ArticleIdx><OriginalArticleUrl><![CDATA[u2]]></OriginalArticleUrl></item>
</ResultList><CheckState>2</CheckState></CopyrightCheckResult>
<ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl><![CDATA[u]]></ArticleUrl></item></ResultList></ArticleUrlResult>`),
  )
  t.same(data['CopyrightCheckResult'], {
    Count: '2',
    ResultList: {
      item: [
        { ArticleIdx: '1', OriginalArticleUrl: 'u1' },
        { ArticleIdx: '2', OriginalArticleUrl: 'u2' },
      ],
    },
    CheckState: '2',
  })
  t.same(data['ArticleUrlResult'], { Count: '1', ResultList: { item: [{ ArticleIdx: '1', ArticleUrl: 'u' }] } })
  t.equal(data['MsgID'], '1000001625')
})

void t.test('a media check has a list of details, and plain elements of the same names beside it', async (t) => {
  const data = dataOf(
    document(`<Event><![CDATA[wxa_media_check]]></Event><appid><![CDATA[wxMINI000000000001]]></appid><trace_id><![CDATA[62f1-2b24]]></trace_id><version>2</version>
<detail><strategy><![CDATA[content_model]]></strategy><errcode>0</errcode><suggest><![CDATA[pass]]></suggest></detail>
<errcode>0</errcode><errmsg><![CDATA[ok]]></errmsg><result><suggest><![CDATA[pass]]></suggest><label>100</label></result>`),
  )
  t.same(data['detail'], [{ strategy: 'content_model', errcode: '0', suggest: 'pass' }])
  t.same(data['result'], { suggest: 'pass', label: '100' })
  t.equal(data['errcode'], '0')
})

void t.test('markup and separators in values are values', async (t) => {
  const data = dataOf(
    document(
      '<Event><![CDATA[weapp_audit_fail]]></Event><Reason><![CDATA[1:x<br>(1):y<br>]]></Reason><ScreenShot>m1|m2|m3</ScreenShot>',
    ),
  )
  t.equal(data['Reason'], '1:x<br>(1):y<br>')
  t.equal(data['ScreenShot'], 'm1|m2|m3')
  for (const content of ['<script>alert(1)</script>', "'; DROP TABLE x; --", '{"a":1}', '{{7*7}}', '${jndi:x}', '&lt;']) {
    t.equal(dataOf(document(`<Content><![CDATA[${content}]]></Content>`, 'text'))['Content'], content)
  }
})

void t.test('an appeal and a complaint keep their repeated elements', async (t) => {
  const appeal = dataOf(
    document(`<Event><![CDATA[wxa_appeal_record]]></Event><material><illegal_material><content>a</content></illegal_material>
<appeal_material><reason>r</reason><proof_material_id>x</proof_material_id></appeal_material></material>`),
  )
  t.same(appeal['material'], [{ illegal_material: { content: 'a' }, appeal_material: { reason: 'r', proof_material_id: ['x'] } }])
  const complaint = dataOf(
    document(
      '<Event>complaint_callback</Event><BussiCallBackInfo>\n\u200b<status>1</status>\n\u200b<history>\u200b<media_id_list>m</media_id_list>\u200b</history></BussiCallBackInfo>',
    ),
  )
  t.same(complaint['BussiCallBackInfo'], { status: '1', history: [{ media_id_list: ['m'] }] })
})

void t.test('names and ids may stand between line feeds', async (t) => {
  const text =
    '<xml>\n<ToUserName>\n<![CDATA[gh_1]]>\n</ToUserName><FromUserName> o1 </FromUserName><CreateTime>\n1760001000\n</CreateTime><MsgType> event </MsgType><Event> SCAN </Event></xml>'
  t.match(parseAuthorizerMessage(text), {
    toUserName: 'gh_1',
    fromUserName: 'o1',
    createTimeSeconds: 1_760_001_000,
    msgType: 'event',
    event: 'SCAN',
  })
})

void t.test('FromUserName may be missing or empty', async (t) => {
  for (const written of ['', '<FromUserName/>', '<FromUserName><![CDATA[]]></FromUserName>']) {
    const text = document('', 'text').replace(/<FromUserName>.*<\/FromUserName>/, written)
    t.match(parseAuthorizerMessage(text), { kind: 'message', fromUserName: '' }, written)
  }
})

void t.test('what cannot be understood is unparsed, with its text and a reason', async (t) => {
  const right = document('<Content>x</Content>', 'text')
  const to = '<ToUserName><![CDATA[gh_000000000001]]></ToUserName>'
  const texts: Record<string, string> = {
    'not XML': 'hello',
    JSON: vector('O3').plaintext,
    empty: '',
    'a doctype': `<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]>${right}`,
    'an unclosed tag': right.slice(0, -3),
    'no ToUserName': right.replace(to, ''),
    'empty ToUserName': right.replace(to, '<ToUserName/>'),
    'repeated ToUserName': right.replace(to, to + to),
    'nested ToUserName': right.replace(to, `<ToUserName><a>gh_1</a></ToUserName>`),
    'deeper ToUserName': right.replace(to, `<A>${to}</A>`),
    'repeated FromUserName': document('<FromUserName>o2</FromUserName>', 'text'),
    'no MsgType': right.replace('<MsgType><![CDATA[text]]></MsgType>', ''),
    'empty MsgType': document('', ''),
    'an event without a name': document(''),
    'a component event':
      '<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1760001000</CreateTime><InfoType>unauthorized</InfoType></xml>',
  }
  for (const createTime of ['', 'NaN', '-1', '9e99', '0', '1760001000123']) {
    texts[`CreateTime ${createTime}`] = right.replace('1760001000', createTime)
  }
  for (const [name, text] of Object.entries(texts)) {
    const message = parseAuthorizerMessage(text)
    if (message.kind !== 'unparsed') t.fail(`${name} is understood`)
    else t.ok(message.raw === text && message.reason.length > 0, name)
  }
})
