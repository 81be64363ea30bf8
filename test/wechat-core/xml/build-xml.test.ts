// Owns: what the package writes for WeChat, and that it reads the same back.
import t from 'tap'
import { buildXml, parseXml } from '@wxgw/wechat-core'

void t.test('strings are CDATA, numbers bare, arrays repeated, undefined left out', async (t) => {
  t.equal(
    buildXml({ A: 'x', N: 1713424427, Z: undefined, L: ['a', 2, { B: '' }], E: {} }),
    '<xml><A><![CDATA[x]]></A><N>1713424427</N><L><![CDATA[a]]></L><L>2</L><L><B><![CDATA[]]></B></L><E></E></xml>',
  )
  t.equal(buildXml({ A: '1' }, { root: 'doc' }), '<doc><A><![CDATA[1]]></A></doc>')
})

void t.test('whatever text goes in comes out again', async (t) => {
  for (const text of ['', ' ', ']]>', ']]]]>>', ']]>]]>', '<![CDATA[x]]>', '&amp;<b>"\'', '你好😀\n\t', ']', ']]']) {
    t.equal(parseXml(buildXml({ A: text }), { root: 'xml' })['A'], text, JSON.stringify(text))
  }
})

void t.test('characters that XML forbids are dropped', async (t) => {
  t.equal(buildXml({ A: 'a\u0000b\u0008\u001b\ufffe\uffffc\ud800d\udc00e😀' }), '<xml><A><![CDATA[abcde😀]]></A></xml>')
  const found = buildXml({ A: ']]\u0000>' })
  t.equal(found, '<xml><A><![CDATA[]]]]><![CDATA[>]]></A></xml>', 'also where that makes an end of CDATA')
})

void t.test('names and numbers that XML cannot hold are refused', async (t) => {
  for (const name of ['a b', '', '1', 'a>', '<', '__proto__x>', 'constructor']) {
    t.throws(() => buildXml({ [name]: 'x' }), RangeError, name)
  }
  t.throws(() => buildXml({ A: Number.NaN }), RangeError)
  t.throws(() => buildXml({ A: Infinity }), RangeError)
})
