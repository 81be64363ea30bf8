// Owns: which pushes are one event and which are two.
import { createHash } from 'node:crypto'
import t from 'tap'
import { eventId, parseXml, type EventOrigin } from '@wxgw/wechat-core'

const DOCUMENT =
  '<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<CreateTime>1</CreateTime>\n<L><item>a</item><item>b</item></L></xml>'

function idOf(text: string, origin: Partial<EventOrigin> = {}): string {
  return eventId({ platform: 'open1', appId: 'wxA', kind: 'authorizer', content: parseXml(text), ...origin })
}

void t.test('an id is ev_ and 52 characters of base32, the same for ever', async (t) => {
  t.match(idOf(DOCUMENT), /^ev_[a-z2-7]{52}$/)
  t.equal(idOf(DOCUMENT), 'ev_cvjowrinzmhcglj7hchswekokim573jd3okhd2oyeclskhwrv7fa')
})

void t.test('layout, CDATA or not, and the order of different elements make no difference', async (t) => {
  for (const same of [
    '<xml><ToUserName>gh_1</ToUserName><CreateTime><![CDATA[1]]></CreateTime><L><item>a</item><item>b</item></L></xml>',
    '<?xml version="1.0"?>\n<xml>\n\n<CreateTime>1</CreateTime><L>\n<item>a</item>\n<item>b</item></L><ToUserName>gh_1</ToUserName></xml>\n',
  ]) {
    t.equal(idOf(same), idOf(DOCUMENT))
  }
})

void t.test('anything else makes another event', async (t) => {
  const ids = [
    idOf(DOCUMENT),
    idOf(DOCUMENT, { platform: 'open2' }),
    idOf(DOCUMENT, { appId: 'wxB' }),
    idOf(DOCUMENT, { kind: 'component' }),
    idOf(DOCUMENT, { platform: 'open1","authorizer', appId: '' }),
    idOf(DOCUMENT, { content: DOCUMENT }),
    idOf(DOCUMENT, { content: `${DOCUMENT} ` }),
    idOf(DOCUMENT.replace('<CreateTime>1<', '<CreateTime>2<')),
    idOf(DOCUMENT.replace('<item>a</item><item>b</item>', '<item>b</item><item>a</item>')),
    idOf(DOCUMENT.replace('<item>a</item><item>b</item>', '<item>a,b</item>')),
    idOf(DOCUMENT.replace('gh_1', 'gh_1 ')),
    idOf('<xml><A><B>1</B></A></xml>'),
    idOf('<xml><A>{"B":"1",}</A></xml>'),
    idOf('<xml><A>1</A><B>2</B></xml>'),
    idOf('<xml><A>1","B":"2</A></xml>'),
    idOf('<xml><A/></xml>'),
    idOf('<xml/>'),
  ]
  t.equal(new Set(ids).size, ids.length)
})

void t.test('an id is the digest of the content as JSON, whatever characters are in it', async (t) => {
  for (let unit = 0; unit <= 0xffff; unit += unit < 0x3ff ? 1 : 61) {
    const text = `a${String.fromCharCode(unit)}`
    t.equal(eventId({ platform: 'p', appId: 'a', kind: 'component', content: { [text]: text } }), plainIdOf(text), {
      unit,
    })
  }
})

/** The same rule written down once more, without a shortcut. */
function plainIdOf(text: string): string {
  const digest = createHash('sha256')
    .update(`["p","component","a"]{${JSON.stringify(text)}:${JSON.stringify(text)},}`)
    .digest()
  const bits = [...digest]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .padEnd(260, '0')
  const digits = bits.match(/.{5}/g) ?? []
  return `ev_${digits.map((five) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(five, 2))).join('')}`
}
