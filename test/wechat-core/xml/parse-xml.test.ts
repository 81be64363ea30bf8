// Owns: how WeChat's XML becomes a tree, and what is refused.
import t from 'tap'
import { parseXml, XmlRefusedError, type XmlTree } from '@wxgw/wechat-core'

function parsed(text: string): XmlTree {
  return parseXml(text, { root: 'xml' })
}

function refusal(text: string, root?: string): string {
  try {
    parseXml(text, root === undefined ? {} : { root })
    return 'accepted'
  } catch (error) {
    if (error instanceof XmlRefusedError) return error.reason
    throw error
  }
}

void t.test('every leaf is a string, exactly as it was written', async (t) => {
  t.same(
    parsed(
      '<xml><MsgId>6074746557628292943</MsgId><A>1700827132819554304</A><Code><![CDATA[018255396048]]></Code></xml>',
    ),
    { MsgId: '6074746557628292943', A: '1700827132819554304', Code: '018255396048' },
  )
  for (const content of [
    '00123',
    '0x10',
    '1e5',
    'true',
    'null',
    ' 007 <b>',
    '  ',
    '\t\n',
    '',
    '😀 &amp; <b/>',
    ']]',
    'a\nb',
    '#text',
    '\u200b',
  ]) {
    t.equal(parsed(`<xml><Content><![CDATA[${content}]]></Content></xml>`)['Content'], content, JSON.stringify(content))
  }
  for (const content of ['00123', '0x10', '1e5', 'true', ' blanks ', '  ', '😀', 'm1|m2|m3', '![CDATA[x]]']) {
    const found = parsed(`<xml><Content>${content}</Content></xml>`)['Content']
    t.equal(found, content, `${JSON.stringify(content)} without CDATA`)
  }
})

void t.test('names keep their case, and names of built-ins are names like others', async (t) => {
  const tree = parsed(
    '<xml><AppId>1</AppId><appid>2</appid><MsgId>3</MsgId><MsgID>4</MsgID><toString>5</toString><then>6</then><hasOwnProperty>7</hasOwnProperty><valueOf><x>8</x></valueOf></xml>',
  )
  t.same(Object.entries(tree), [
    ['AppId', '1'],
    ['appid', '2'],
    ['MsgId', '3'],
    ['MsgID', '4'],
    ['toString', '5'],
    ['then', '6'],
    ['hasOwnProperty', '7'],
    ['valueOf', { x: '8' }],
  ])
})

void t.test('empty elements are the empty string', async (t) => {
  const empty = { A: '', B: '', C: '', D: '', E: { F: '' } }
  t.same(parsed('<xml><A/><B></B><C><![CDATA[]]></C><D /><E><F/></E></xml>'), empty)
  t.same(parsed('<xml/>'), {})
  t.same(parsed('<xml></xml>'), {})
  t.same(parsed('<xml>only text</xml>'), {})
})

void t.test('blanks around CDATA are layout, other text around it is not', async (t) => {
  t.equal(parsed('<xml><message>\n  <![CDATA[two lines\nof text]]>\n</message></xml>')['message'], 'two lines\nof text')
  t.equal(parsed('<xml><A>\u200b<![CDATA[ x ]]>\ufeff</A></xml>')['A'], ' x ')
  t.equal(parsed('<xml><A><![CDATA[a]]>]]&gt;<![CDATA[b]]></A></xml>')['A'], 'a]]>b')
})

void t.test('a CDATA section split around its own end comes out whole', async (t) => {
  t.equal(parsed('<xml><Content><![CDATA[a]]]]><![CDATA[>b]]></Content></xml>')['Content'], 'a]]>b')
  t.equal(parsed('<xml><Content><![CDATA[a]]>\n<!-- x -->\n<![CDATA[b]]></Content></xml>')['Content'], 'ab')
})

void t.test('references are decoded outside CDATA only, once, and only to XML characters', async (t) => {
  t.equal(parsed('<xml><A>&lt;b&gt; &amp;amp; &quot;&apos;&#65;&#x4F60;&#128512;</A></xml>')['A'], `<b> &amp; "'A你😀`)
  t.equal(parsed('<xml><A><![CDATA[&lt;&#65;]]></A></xml>')['A'], '&lt;&#65;')
  for (const written of [
    '&#0;',
    '&#xFFFFFF;',
    '&#9999999;',
    '&#xD800;',
    '&#xFFFF;',
    '&nbsp;',
    '&unknown;',
    'a & b',
    '&',
    '&#;',
    '&#x;',
    '&#99999999999;',
  ]) {
    t.equal(parsed(`<xml><A>${written}</A></xml>`)['A'], written, written)
  }
})

void t.test('byte order mark, layout, comments, instructions, attributes and stray text are skipped', async (t) => {
  const expected = { A: '1', B: { C: '2' } }
  for (const text of [
    '\ufeff<xml><A>1</A><B><C>2</C></B></xml>',
    '<?xml version="1.0" encoding="utf-8"?>\n<!-- a < b --><xml>\n<A>1</A>\n<!-- <Z/> --><B>\n<C>2</C></B><?pi x?></xml>\n',
    '<xml>\u200b<A>1</A> stray <B>text<C>2</C>\u200b</B>![CDATA[x]]</xml>\u200b',
    '<xml a="1" b=\'>\'><A c="d">1</A><B><C>2</C></B></xml >',
    '<xml>\r\n<A>1</A>\r\n<B><C>2</C></B>\r\n</xml>\r\n',
    '<xml>&unknown;<A>1</A><B><![CDATA[x]]><C>2</C></B></xml>',
  ]) {
    t.same(parsed(text), expected, JSON.stringify(text))
  }
})

void t.test('line ends become line feeds, as XML says', async (t) => {
  t.equal(parsed('<xml><A><![CDATA[a\r\nb\rc\nd]]></A></xml>')['A'], 'a\nb\nc\nd')
  t.equal(parsed('<xml><A>a\r\nb</A></xml>')['A'], 'a\nb')
})

void t.test('what comes twice is an array, and so is what WeChat may repeat, even once', async (t) => {
  t.same(parsed('<xml><A>1</A><B>x</B><A><C>2</C></A></xml>'), { A: ['1', { C: '2' }], B: 'x' })
  t.same(parsed('<xml><List>1</List></xml>'), { List: ['1'] })
  t.same(parsed('<xml><A><List><x>1</x></List></A></xml>'), { A: { List: [{ x: '1' }] } }, 'deeper')
  t.same(parsed('<xml><detail><errcode>0</errcode></detail></xml>'), { detail: [{ errcode: '0' }] })
  t.same(parsed('<xml><A><detail>x</detail></A></xml>'), { A: { detail: 'x' } }, 'detail is only repeated at the top')
  t.same(parsed('<xml><item/></xml>'), { item: [''] })
})

void t.test('both shapes of PicList come out as one list', async (t) => {
  const item = (md5: string) => `<item><PicMd5Sum><![CDATA[${md5}]]></PicMd5Sum></item>`
  const pics = (...md5s: string[]) => ({
    Count: String(md5s.length),
    PicList: { item: md5s.map((md5) => ({ PicMd5Sum: md5 })) },
  })
  const info = (inner: string) => parsed(`<xml><SendPicsInfo>${inner}</SendPicsInfo></xml>`)['SendPicsInfo']
  t.same(info(`<Count>2</Count><PicList>${item('a')}${item('b')}</PicList>`), pics('a', 'b'))
  t.same(info(`<PicList>${item('a')}</PicList><PicList>${item('b')}</PicList><Count>2</Count>`), pics('a', 'b'))
  t.same(info(`<Count>1</Count><PicList>${item('a')}</PicList>`), pics('a'))
  t.same(info('<Count>0</Count><PicList/>'), { Count: '0', PicList: '' })
  t.same(info('<PicList><New>x</New></PicList><PicList><New>y</New></PicList>'), {
    PicList: [{ New: 'x' }, { New: 'y' }],
  })
})

void t.test('documents that are not well-formed are refused with a reason', async (t) => {
  const documents: Record<string, Record<string, string>> = {
    'not-xml': {
      empty: '',
      blanks: ' \n',
      text: 'hello',
      JSON: '{"a":1}',
      'text before': 'x<xml/>',
      'text after': '<xml/>x',
      'only a comment': '<!-- x -->',
    },
    'not-well-formed': {
      'unclosed root': '<xml><A>1</A>',
      'unclosed leaf': '<xml><A>1</xml>',
      mismatched: '<xml><A>1</B></xml>',
      'closed by a longer name': '<xml><A>1</AB></xml>',
      crossed: '<xml><A><B></A></B></xml>',
      'closed too often': '<xml></xml></xml>',
      'only closed': '</xml>',
      'unclosed tag': '<xml><A',
      'unclosed CDATA': '<xml><A><![CDATA[x</A></xml>',
      'unclosed comment': '<xml><!-- </xml>',
      'unclosed instruction': '<xml><?x </xml>',
      'unclosed quote': '<xml a="b><A/></xml>',
      'a tag in an attribute': '<xml a="<b>"></xml>',
      'a comment in an attribute': '<xml a="<!--"></xml>',
      'no name': '<xml><></></xml>',
      'a blank name': '<xml>< A>1</ A></xml>',
      'a bad name': '<xml><1>1</1></xml>',
      'a bad empty element': '<xml><a/b></xml>',
      'a reference in a name': '<xml><a&lt;b>1</a&lt;b></xml>',
    },
    declaration: {
      'external DTD': '<!DOCTYPE xml SYSTEM "http://canary.invalid/x.dtd"><xml/>',
      'internal subset': '<!DOCTYPE xml [<!ENTITY a "b">]><xml><A>&a;</A></xml>',
      'lower case': '<!doctype xml><xml/>',
      'in the root': '<xml><!DOCTYPE a></xml>',
      'after the root': '<xml/><!DOCTYPE a>',
      'CDATA outside the root': '<![CDATA[x]]><xml/>',
      'an entity declaration': '<xml><!ENTITY a "b"></xml>',
      'lower-case CDATA': '<xml><A><![cdata[x]]></A></xml>',
      'behind an instruction that looks like a comment': '<?x <!-- ?><!DOCTYPE a [<!ENTITY b "c">]><xml>&b;</xml>',
    },
    'several-roots': { two: '<xml/><xml/>', different: '<xml></xml>\n<a>1</a>' },
    'dangerous-name': {
      proto: '<xml><__proto__><polluted>1</polluted></__proto__></xml>',
      constructor: '<xml><constructor>1</constructor></xml>',
      prototype: '<xml><A><prototype/></A></xml>',
    },
    'too-deep': {
      '65 levels': `${'<a>'.repeat(65)}${'</a>'.repeat(65)}`,
      '200,000 levels': `<xml>${'<a>'.repeat(200_000)}`,
      empty: `${'<a>'.repeat(64)}<b/>${'</a>'.repeat(64)}`,
    },
    'too-many-elements': {
      '100,001 with the root': `<xml>${'<A/>'.repeat(100_000)}</xml>`,
      'each in another': `<xml>${'<A><B>1</B></A>'.repeat(50_000)}</xml>`,
    },
  }
  for (const [reason, examples] of Object.entries(documents)) {
    for (const [name, text] of Object.entries(examples)) {
      t.equal(refusal(text), reason, name)
      t.equal(refusal(text, 'xml'), reason, `${name}, root given`)
    }
  }
  t.notOk('polluted' in {}, 'no prototype was touched')
})

void t.test('64 levels and 100,000 elements are accepted, of whatever shape', async (t) => {
  t.equal(refusal(`${'<a>'.repeat(64)}x${'</a>'.repeat(64)}`), 'accepted')
  t.equal(parsed(`<xml>${'<item>1</item>'.repeat(99_999)}</xml>`)['item']?.length, 99_999)
  const pics = parsed(`<xml><PicList>${'<item/>'.repeat(99_998)}</PicList></xml>`)['PicList']
  t.equal(Object(pics).item.length, 99_998)
  const names = Array.from({ length: 60_000 }, (_, index) => `<N${index}>1</N${index}>`).join('')
  t.equal(Object.keys(parsed(`<xml>${names}</xml>`)).length, 60_000)
})

void t.test('another root than the one asked for is refused', async (t) => {
  t.equal(refusal('<html><A>1</A></html>', 'xml'), 'wrong-root')
  t.equal(refusal('<XML/>', 'xml'), 'wrong-root')
  t.equal(refusal('<xmls><A>1</A></xmls>', 'xml'), 'wrong-root')
  t.equal(refusal('<html><A>1</A></html>'), 'accepted')
})

void t.test('an error tells nothing of the document', async (t) => {
  t.throws(() => parseXml('<xml><SECRET>'), { message: 'XML refused: not-well-formed' })
})
