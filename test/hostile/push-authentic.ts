// Owns: hostile pushes that are authentic: never refused, never lost, never expanded, never taken for what they are not.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { Test } from 'tap'
import { componentDocument, encryptText, sign, textMessage, type PushOptions } from '../apps/ingress/sealed-push.ts'
import type { Event } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { nowSeconds } from '../helpers/push-text.ts'
import {
  AUTHORIZER,
  CANARY,
  OTHER_AUTHORIZER,
  PREVIOUS,
  pushBytes,
  type HostileGateway,
  STRANGER_APPID,
} from './hostile-gateway.ts'
import { sendBytes } from './raw-http.ts'

const CALLBACK = `${AUTHORIZER.appId}/callback`
const TICKET_KEY = 'wx:{open1}:ticket'

/** Revokes `OTHER_AUTHORIZER`. */
export async function pushAuthentic(t: Test, gateway: HostileGateway): Promise<void> {
  const { component, witness, received } = gateway
  let ids = 10_000_000_000n
  const message = (fields: Partial<Parameters<typeof textMessage>[0]> = {}) => {
    return textMessage({ to: AUTHORIZER.userName, createTime: nowSeconds(), msgId: String((ids += 1n)), ...fields })
  }
  const componentEvent = (infoType: string, rest = '', createTime: number | string = nowSeconds()) =>
    componentDocument(infoType, Number(createTime), rest, component.appId)
  async function push(route: string, plaintext: string, options: PushOptions & { atSeconds?: number } = {}) {
    const answer = await sendBytes(gateway.ports.public, pushBytes(route, gateway.seal(plaintext, options)))
    return `${answer.status} ${answer.body}`
  }
  /** The events that come of these pushes, when all has come to rest. */
  async function outcome(work: () => Promise<void>): Promise<Event[]> {
    const known = new Set(received.map(({ id }) => id))
    await work()
    await witness.rest(400)
    return received.filter(({ id }) => !known.has(id))
  }
  await witness.rest()

  await t.test('C rows that are accepted', async (t) => {
    const events = await outcome(async () => {
      const wrap = (make: (encrypt: string) => string, headers: Record<string, string> = {}) => {
        const { query, body } = gateway.seal(message())
        const encrypt = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? ''
        return sendBytes(gateway.ports.public, pushBytes(CALLBACK, { query, body: make(encrypt) }, { headers }))
      }
      const { query, body } = gateway.seal(message())
      const { encrypt_type: _, ...withoutType } = query
      const limit = gateway.seal(message())
      const rows: Array<[string, Promise<{ status: number; body: string }>]> = [
        ['C06 no encrypt_type', sendBytes(gateway.ports.public, pushBytes(CALLBACK, { query: withoutType, body }))],
        [
          'C11 the previous token',
          sendBytes(gateway.ports.public, pushBytes(CALLBACK, gateway.seal(message(), { token: PREVIOUS.token }))),
        ],
        [
          'C64 the previous AES key',
          sendBytes(
            gateway.ports.public,
            pushBytes(
              CALLBACK,
              gateway.seal(message(), { aesKey: Buffer.from(`${PREVIOUS.encodingAesKey}=`, 'base64') }),
            ),
          ),
        ],
        [
          'C26 application/xml',
          wrap((encrypt) => `<xml><Encrypt>${encrypt}</Encrypt></xml>`, {
            'content-type': 'application/xml; charset="UTF-8"',
          }),
        ],
        [
          'C39 toString and then',
          wrap(
            (encrypt) =>
              `<xml><toString>x</toString><hasOwnProperty/><then>y</then><Encrypt>${encrypt}</Encrypt></xml>`,
          ),
        ],
        [
          'C45 pieces that are one value',
          wrap(
            (encrypt) =>
              `<xml><Encrypt><![CDATA[${encrypt.slice(0, 9)}]]><!-- c --><![CDATA[${encrypt.slice(9)}]]></Encrypt></xml>`,
          ),
        ],
        [
          'C47 a comment with a false Encrypt',
          wrap((encrypt) => `<xml><!-- <Encrypt>AAAA</Encrypt> --><Encrypt>${encrypt}</Encrypt></xml>`),
        ],
        [
          'C48 processing instructions',
          wrap(
            (encrypt) =>
              `<?xml version="1.0"?><?xml-stylesheet href="http://${CANARY}.invalid/x.xsl"?><xml><Encrypt>${encrypt}</Encrypt></xml>`,
          ),
        ],
        ['C49 a byte order mark', wrap((encrypt) => `\ufeff<xml><Encrypt>${encrypt}</Encrypt></xml>`)],
        [
          'C52 another AppId outside',
          wrap((encrypt) => `<xml><AppId>wxc000000000000999</AppId><Encrypt>${encrypt}</Encrypt></xml>`),
        ],
        [
          'C67 exactly 1 MiB',
          sendBytes(
            gateway.ports.public,
            pushBytes(CALLBACK, { query: limit.query, body: limit.body + ' '.repeat(1_048_576 - limit.body.length) }),
          ),
        ],
      ]
      for (const [name, sent] of rows) {
        const answer = await sent
        t.equal(`${answer.status} ${answer.body}`, '200 success', name)
      }
    })
    t.equal(events.length, 11)
    t.same([...new Set(events.map(({ type }) => type))], ['wechat.message.text'])
  })

  await t.test('C18 and C73: one push, two hundred times at once and again, is one event', async (t) => {
    const events = await outcome(async () => {
      const bytes = pushBytes(CALLBACK, gateway.seal(message({ content: 'once' })))
      const answers = await Promise.all(Array.from({ length: 200 }, () => sendBytes(gateway.ports.public, bytes)))
      t.ok(answers.every(({ status, body }) => status === 200 && body === 'success'))
      t.equal((await sendBytes(gateway.ports.public, bytes)).body, 'success')
    })
    t.equal(events.length, 1)
  })

  await t.test(
    'C20 what is older than duplicates are remembered is dispatched, once: the log knows it when its key is gone',
    async (t) => {
      const old = nowSeconds() - 7300
      const texts = [
        [CALLBACK, message({ createTime: old })],
        ['event', componentEvent('x', '', old)],
        [CALLBACK, '<xml><MsgType>odd</MsgType></xml>'],
      ] as const
      const events = await outcome(async () => {
        for (const [route, text] of [...texts, ...texts]) t.equal(await push(route, text), '200 success')
      })
      t.same(events.map(({ type }) => type).toSorted(), [
        'wechat.component.x',
        'wechat.message.odd',
        'wechat.message.text',
      ])
      const marks = [
        ...(await witness.redis.keys('bull:*:de:*ev_*')),
        ...(await witness.redis.keys('wx:*:arrival:ev_*')),
      ]
      await witness.redis.del(...marks)
      const again = await outcome(async () => {
        for (const [route, text] of texts) t.equal(await push(route, text), '200 success')
      })
      t.same(again, [])
    },
  )

  await t.test(
    'C21 an event at the callback, and a message at the event URL, are unparsed, without their secrets, and a copy of what came to the event URL is sealed',
    async (t) => {
      const ticket = `ticket@@@${CANARY}`
      const exchanged = gateway.simulator.countCalls('api_query_auth')
      const before = await witness.digest()
      const events = await outcome(async () => {
        t.equal(
          await push(
            CALLBACK,
            componentEvent('component_verify_ticket', `<ComponentVerifyTicket>${ticket}</ComponentVerifyTicket>`),
          ),
          '200 success',
        )
        t.equal(
          await push(
            CALLBACK,
            componentEvent(
              'authorized',
              `<AuthorizerAppid>${STRANGER_APPID}</AuthorizerAppid><AuthorizationCode>code@@@${CANARY}</AuthorizationCode>`,
            ),
          ),
          '200 success',
        )
        t.equal(await push('event', message({ content: 'astray' })), '200 success')
      })
      t.same(
        events.map(({ type }) => type),
        Array(3).fill('wechat.unparsed'),
      )
      t.notMatch(JSON.stringify(events), CANARY, 'neither ticket nor code is told to consumers')
      t.match(events.find(({ source }) => source === '/wx/open1')?.data, { rawLength: /^\d+$/, reason: 'no-info-type' })
      t.notOk((await witness.changes(before)).includes(TICKET_KEY), 'the ticket is not taken from there')
      t.equal(gateway.simulator.countCalls('api_query_auth'), exchanged, 'the code is not exchanged')
    },
  )

  await t.test(
    'C65 and C66: what cannot be understood comes as it is, and nothing is fetched or expanded',
    async (t) => {
      let fetched = 0
      const trap = createServer((_request, response) => {
        fetched += 1
        response.end('<!ENTITY x "y">')
      }).listen(0, '127.0.0.1')
      t.teardown(() => trap.close())
      await once(trap, 'listening')
      const address = trap.address()
      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x.dtd`
      const texts = [
        'no XML at all',
        `<!DOCTYPE xml SYSTEM "${url}"><xml><ToUserName>a</ToUserName></xml>`,
        `<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><ToUserName>&x;</ToUserName></xml>`,
        `<!DOCTYPE xml [<!ENTITY % p SYSTEM "${url}">%p;]><xml><a>&a;</a></xml>`,
        `<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "${'&a;'.repeat(1000)}">]><xml>${'&b;'.repeat(1000)}</xml>`,
        `<xml>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</xml>`,
        '<xml><__proto__><polluted>1</polluted></__proto__></xml>',
        '<xml><ToUserName>a</ToUserName>',
        '<xml/><xml/>',
        '\u0000\u001b[31m\u2028',
      ]
      for (const route of [CALLBACK, 'event']) {
        const events = await outcome(async () => {
          for (const text of texts) t.equal(await push(route, text), '200 success', text.slice(0, 40))
        })
        t.same(
          events.map(({ type }) => type),
          Array(texts.length).fill('wechat.unparsed'),
        )
        if (route === CALLBACK) t.same(new Set(events.map(({ data }) => data['raw'])), new Set(texts))
        else t.same(new Set(events.map(({ data }) => data['rawLength'])), new Set(texts.map(({ length }) => length)))
      }
      t.equal(fetched, 0)
    },
  )

  await t.test('C68 to C70 and K12: content arrives to the letter', async (t) => {
    const contents = [
      '00123',
      '0x10',
      '1e5',
      'true',
      '  blanks  ',
      'a]]>b',
      '😀 &lt;',
      '<b>"\'</b>',
      "'; DROP TABLE x; --",
      '${jndi:ldap://x}',
      '{{7*7}}',
      '\u202egnp.exe',
      '{"a":1}',
    ]
    const events = await outcome(async () => {
      for (const content of contents)
        t.equal(
          await push(
            CALLBACK,
            message({
              content: content.replaceAll(']]>', ']]]]><![CDATA[>'),
              msgId: `1234567890123456${100 + contents.indexOf(content)}`,
            }),
          ),
          '200 success',
        )
    })
    t.same(events.map(({ data }) => String(data['Content'])).toSorted(), contents.toSorted())
    t.ok(events.every(({ data }) => typeof data['MsgId'] === 'string' && data['MsgId'].startsWith('1234567890123456')))
  })

  await t.test(
    'E rows: component events that are wrong inside change neither the ticket nor anything by name',
    async (t) => {
      const hostileIds = ['a:b', '*', '../x', '{x}', `wx${'0'.repeat(1000)}`, '']
      const ticket = (text: string) =>
        componentEvent('component_verify_ticket', `<ComponentVerifyTicket>${text}</ComponentVerifyTicket>`)
      const before = await witness.digest()
      const exchanged = gateway.simulator.countCalls('api_query_auth')
      const rows: ReadonlyArray<readonly [name: string, text: string, type?: string]> = [
        [
          'E01 no InfoType',
          `<xml><AppId>${component.appId}</AppId><CreateTime>${nowSeconds()}</CreateTime></xml>`,
          'wechat.unparsed',
        ],
        ['E03 no ticket', componentEvent('component_verify_ticket')],
        ['E03 an empty ticket', ticket('')],
        ['E03 a ticket of 10 KB', ticket(CANARY.repeat(930))],
        ['E03 a ticket with line ends', ticket(`ticket@@@\r\n${CANARY}`)],
        ...['NaN', '-5', '9e99', ''].map(
          (time) =>
            [
              'E06',
              componentEvent('x').replace(/<CreateTime>\d+/, `<CreateTime>${time}`),
              'wechat.component.x',
            ] as const,
        ),
        ...hostileIds.map(
          (id) =>
            [
              'E07',
              componentEvent(
                'authorized',
                `<AuthorizerAppid>${id}</AuthorizerAppid><AuthorizationCode>c</AuthorizationCode>`,
              ),
              'wechat.component.authorized',
            ] as const,
        ),
        [
          'E08 a code of 4 KB',
          componentEvent(
            'authorized',
            `<AuthorizerAppid>${STRANGER_APPID}</AuthorizerAppid><AuthorizationCode>${CANARY.repeat(370)}</AuthorizationCode>`,
          ),
          'wechat.component.authorized',
        ],
      ]
      const events = await outcome(async () => {
        for (const [name, text] of rows) t.equal(await push('event', text), '200 success', name)
      })
      t.same(
        events.map(({ type }) => type).toSorted(),
        rows.flatMap(([, , type]) => type ?? []).toSorted(),
        'and no ticket is dispatched',
      )
      t.notMatch(JSON.stringify(events), CANARY)
      const changed = await witness.changes(before)
      t.notOk(changed.includes(TICKET_KEY))
      t.same(
        changed.filter((key) => /\.\.|\*|\{x\}|a:b$|00000000000000000000/.test(key)),
        [],
        'no key is named after them',
      )
      t.equal(gateway.simulator.countCalls('api_query_auth'), exchanged)

      const known = await outcome(async () => {
        t.equal(
          await push('event', componentEvent('notify_something_new', `<Anything>${'x'.repeat(10)}</Anything>`)),
          '200 success',
        )
      })
      t.match(known, [{ type: 'wechat.component.notify_something_new', data: { Anything: 'xxxxxxxxxx' } }], 'E02')
    },
  )

  await t.test('E04, E05 and E08: tickets are judged by their order, codes are passed on as they are', async (t) => {
    const stored = () => witness.redis.hget(TICKET_KEY, 'createTime').then(Number)
    const ticket = (text: string, time: number) =>
      componentEvent('component_verify_ticket', `<ComponentVerifyTicket>${text}</ComponentVerifyTicket>`, time)
    const first = await stored()
    await outcome(async () => void t.equal(await push('event', ticket('ticket@@@older', first - 100)), '200 success'))
    t.equal(await stored(), first, 'E04')
    await outcome(
      async () => void t.equal(await push('event', ticket('ticket@@@ahead', nowSeconds() + 31_536_000)), '200 success'),
    )
    t.ok((await stored()) <= nowSeconds() + 601, 'E05: tickets of the next year are not shut out')
    const code = `queryauthcode@@@"},{"x":"\\&<>`
    const asked = gateway.simulator.countCalls('api_query_auth')
    await outcome(async () => {
      const document = componentEvent(
        'authorized',
        `<AuthorizerAppid>${STRANGER_APPID}</AuthorizerAppid><AuthorizationCode><![CDATA[${code}]]></AuthorizationCode>`,
      )
      t.equal(await push('event', document), '200 success')
      await until('WeChat is asked', () => gateway.simulator.countCalls('api_query_auth') > asked)
    })
    // The log of the simulator shows no codes; that it has these two members and no third says that the code was one string.
    const call = gateway.simulator.calls.findLast(({ api }) => api === 'api_query_auth')
    t.same(Object.keys(call?.body ?? {}).toSorted(), ['authorization_code', 'component_appid'], 'E08')
    t.equal(call?.errcode, 61009, 'E08: and WeChat knows no such code')
  })

  await t.test('K rows: strangers, twins and namesakes', async (t) => {
    const createTime = nowSeconds()
    const event = (name: string, more = '') =>
      `<xml><ToUserName>${AUTHORIZER.userName}</ToUserName><FromUserName>oTWIN</FromUserName><CreateTime>${createTime}</CreateTime><MsgType>event</MsgType><Event>${name}</Event>${more}</xml>`
    const same = { content: 'same', msgId: '777777777777', createTime }
    const events = await outcome(async () => {
      t.equal(
        await push(`${STRANGER_APPID}/callback`, message({ to: 'gh_0000000000ff', content: 'K07' })),
        '200 success',
      )
      t.equal(await push(CALLBACK, event('CLICK', '<EventKey>a</EventKey>')), '200 success')
      t.equal(await push(CALLBACK, event('CLICK', '<EventKey>b</EventKey>')), '200 success')
      t.equal(await push(CALLBACK, message(same)), '200 success')
      t.equal(
        await push(`${OTHER_AUTHORIZER.appId}/callback`, message({ ...same, to: OTHER_AUTHORIZER.userName })),
        '200 success',
      )
      t.equal(await push(CALLBACK, message({ content: 'TESTCOMPONENT_MSG_TYPE_TEXT' })), '200 success')
      t.equal(await push(CALLBACK, message({ content: `QUERY_AUTH_CODE:queryauthcode@@@x` })), '200 success')
      for (const to of [
        '',
        '<ToUserName>a</ToUserName><ToUserName>b</ToUserName>',
        '<ToUserName><x>a</x></ToUserName>',
      ]) {
        t.equal(await push(CALLBACK, message().replace(/<ToUserName>.*<\/ToUserName>/, to)), '200 success', 'K11')
      }
    })
    t.match(
      events.find(({ data }) => data['Content'] === 'K07'),
      { authorizerappid: STRANGER_APPID },
      'K07',
    )
    t.equal(events.filter(({ subject }) => subject === 'oTWIN').length, 2, 'K13')
    t.equal(events.filter(({ data }) => data['MsgId'] === same.msgId).length, 2, 'K14')
    t.equal(events.filter(({ data }) => /^(TEST|QUERY_)/.test(String(data['Content']))).length, 2, 'K16')
    t.equal(
      events.filter(({ data }) => !('ToUserName' in data) || typeof data['ToUserName'] !== 'string').length,
      3,
      'K11',
    )
    t.notOk(
      events.some(({ type }) => type === 'wechat.unparsed'),
      'K11',
    )
  })

  await t.test(
    'C23, C46: a signature over the same bytes in another order is the only freedom, and leads to the same event',
    async (t) => {
      const encrypt = encryptText(message({ content: 'reordered' }), {
        aesKey: Buffer.from(`${component.encodingAesKey}=`, 'base64'),
        receiveId: component.appId,
      })
      const events = await outcome(async () => {
        for (const nonce of ['1', '2', '3']) {
          const timestamp = String(nowSeconds())
          const query = { timestamp, nonce, msg_signature: sign([component.token, timestamp, nonce, encrypt]) }
          t.equal(
            (
              await sendBytes(
                gateway.ports.public,
                pushBytes(CALLBACK, { query, body: `<xml><Encrypt>${encrypt}</Encrypt></xml>` }),
              )
            ).body,
            'success',
          )
        }
      })
      t.equal(events.length, 1)
    },
  )

  await t.test('K09 a revoked account may still push', async (t) => {
    await gateway.simulator.unauthorize(OTHER_AUTHORIZER.appId)
    await until(
      'it is revoked',
      async () => (await gateway.call('GET', `/authorizers/${OTHER_AUTHORIZER.appId}`)).body.status === 'revoked',
    )
    const events = await outcome(async () => {
      t.equal(
        await push(`${OTHER_AUTHORIZER.appId}/callback`, message({ to: OTHER_AUTHORIZER.userName })),
        '200 success',
      )
    })
    t.equal(events.filter(({ type }) => type === 'wechat.message.text').length, 1)
  })

  await t.test('and the logs hold no content, no ticket, no code', async (t) => gateway.assertQuietLogs(t))

  // The one of the next year is no good.
  await witness.redis.del(TICKET_KEY)
  t.ok((await gateway.simulator.pushTicket()).ok)
}
