// Owns: how component events are understood, sample by sample, and what is set aside.
import t from 'tap'
import { GatewayError, parseComponentEvent, withoutSecrets, type ComponentEvent } from '@wxgw/wechat-core'
import { vector } from '../../helpers/wxbizmsgcrypt-vectors.ts'
import { AUTHORIZER, COMPONENT, OTHER_COMPONENT } from './make-push.ts'

const CODE_FIELDS = `<AuthorizationCode><![CDATA[queryauthcode@@@abc]]></AuthorizationCode>
<AuthorizationCodeExpiredTime><![CDATA[1760003600]]></AuthorizationCodeExpiredTime>
<PreAuthCode><![CDATA[preauthcode@@@def]]></PreAuthCode>`

function document(infoType: string, fields: string, createTime = '1760000000'): string {
  return `<xml><AppId><![CDATA[${COMPONENT}]]></AppId>
<CreateTime>${createTime}</CreateTime>
<InfoType><![CDATA[${infoType}]]></InfoType>${fields}
</xml>`
}

const RECEIVED_AT_MS = 1_760_000_002_345

function parsedText(plaintext: string): ComponentEvent {
  return parseComponentEvent({ plaintext, componentAppId: COMPONENT, receivedAtMs: RECEIVED_AT_MS })
}

function parsed(infoType: string, fields: string, createTime?: string): ComponentEvent {
  return parsedText(document(infoType, fields, createTime))
}

function account(appId: string): string {
  return `<AuthorizerAppid><![CDATA[${appId}]]></AuthorizerAppid>`
}

void t.test('a ticket is taken verbatim', async (t) => {
  const event = parsed(
    'component_verify_ticket',
    '<ComponentVerifyTicket><![CDATA[ticket@@@AbC-123_xyz]]></ComponentVerifyTicket>',
  )
  t.match(event, {
    kind: 'component_verify_ticket',
    createTimeSeconds: 1_760_000_000,
    infoType: 'component_verify_ticket',
  })
  t.equal(event.kind === 'component_verify_ticket' && event.ticket.reveal(), 'ticket@@@AbC-123_xyz')
})

void t.test('an authorization says who, with which code and until when', async (t) => {
  for (const kind of ['authorized', 'updateauthorized'] as const) {
    const event = parsed(kind, account(AUTHORIZER) + CODE_FIELDS)
    t.match(event, { kind, authorizerAppId: AUTHORIZER, authorizationCodeExpiresAtSeconds: 1_760_003_600 })
    if (event.kind !== kind) continue
    t.equal(event.authorizationCode.reveal(), 'queryauthcode@@@abc')
    t.equal(event.preAuthCode?.reveal(), 'preauthcode@@@def')
    t.notMatch(JSON.stringify({ ...event, data: withoutSecrets(event.data) }), /@@@/, 'no code is printed')
  }
})

void t.test('a code expiry below 10^9 is a duration, a missing or broken one unknown', async (t) => {
  const expiry = (written: string) => {
    const event = parsed('authorized', `${account(AUTHORIZER)}<AuthorizationCode>c</AuthorizationCode>${written}`)
    return event.kind === 'authorized' ? event.authorizationCodeExpiresAtSeconds : event.kind
  }
  t.equal(expiry('<AuthorizationCodeExpiredTime>3600</AuthorizationCodeExpiredTime>'), 1_760_003_600)
  t.equal(expiry('<AuthorizationCodeExpiredTime>999999999</AuthorizationCodeExpiredTime>'), 2_759_999_999)
  t.equal(expiry('<AuthorizationCodeExpiredTime>1000000000</AuthorizationCodeExpiredTime>'), 1_000_000_000)
  for (const written of [
    '',
    '<AuthorizationCodeExpiredTime/>',
    '<AuthorizationCodeExpiredTime>-1</AuthorizationCodeExpiredTime>',
    '<AuthorizationCodeExpiredTime>1e9</AuthorizationCodeExpiredTime>',
  ]) {
    t.equal(expiry(written), undefined, written)
  }
})

void t.test('an authorization without a pre-authorization code is one all the same', async (t) => {
  for (const preAuthCode of ['', '<PreAuthCode/>', '<PreAuthCode><![CDATA[]]></PreAuthCode>']) {
    const event = parsed('authorized', `${account(AUTHORIZER)}<AuthorizationCode>c</AuthorizationCode>${preAuthCode}`)
    t.match(event, { kind: 'authorized', preAuthCode: undefined })
  }
})

void t.test('a real unauthorized push is understood', async (t) => {
  const known = vector('V3')
  t.throws(() => parsedText(known.plaintext), { code: 'APPID_MISMATCH' })
  const event = parsedText(known.plaintext.replace(known.receiveId, COMPONENT))
  t.match(event, { kind: 'unauthorized', createTimeSeconds: 1_436_876_196, authorizerAppId: 'wx570bc396a51b8ff8' })
})

void t.test('other events come whole, with the account they are about', async (t) => {
  const samples: Record<string, { fields: string; account: string | undefined; data: Record<string, unknown> }> = {
    notify_third_fasteregister: {
      fields:
        '<appid>wxNEWMINIPROGRAM01</appid>\n<status>0</status>\n<auth_code>queryauthcode@@@ghi</auth_code>\n<msg>OK</msg>\n<info>\n' +
        '<name><![CDATA[Some Company]]></name>\n<code><![CDATA[123456789]]></code>\n<legal_persona_wechat/>\n</info>',
      account: 'wxNEWMINIPROGRAM01',
      data: {
        appid: 'wxNEWMINIPROGRAM01',
        status: '0',
        msg: 'OK',
        info: { name: 'Some Company', code: '123456789', legal_persona_wechat: '' },
      },
    },
    notify_icpfiling_verify_result: {
      fields: '<task_id>t-1</task_id><verify_appid><![CDATA[wxMINI000000000001]]></verify_appid><result>3</result>',
      account: 'wxMINI000000000001',
      data: { task_id: 't-1', verify_appid: 'wxMINI000000000001', result: '3' },
    },
    notify_apply_icpfiling_result: {
      fields: '<authorizer_appid><![CDATA[wxMINI000000000001]]></authorizer_appid><beian_status>6</beian_status>',
      account: 'wxMINI000000000001',
      data: { authorizer_appid: 'wxMINI000000000001', beian_status: '6' },
    },
    order_path_audit_result_notify: {
      fields: '<list><appid>wxMINI000000000001</appid><audit_id>1001</audit_id><reason><![CDATA[]]></reason></list>',
      account: undefined,
      data: { list: [{ appid: 'wxMINI000000000001', audit_id: '1001', reason: '' }] },
    },
    something_of_tomorrow: { fields: '<New><Deep>x</Deep></New>', account: undefined, data: { New: { Deep: 'x' } } },
  }
  for (const [infoType, sample] of Object.entries(samples)) {
    const event = parsed(infoType, sample.fields)
    t.match(event, { kind: 'other', infoType, authorizerAppId: sample.account })
    if (event.kind !== 'other') continue
    t.same(withoutSecrets(event.data), {
      AppId: COMPONENT,
      CreateTime: '1760000000',
      InfoType: infoType,
      ...sample.data,
    })
  }
})

void t.test('an event for another component is APPID_MISMATCH, whatever else it says', async (t) => {
  for (const text of [
    document('authorized', '').replace(COMPONENT, OTHER_COMPONENT),
    `<xml><AppId>${OTHER_COMPONENT}</AppId></xml>`,
    '<xml><AppId>x</AppId><InfoType>unauthorized</InfoType></xml>',
  ]) {
    t.throws(() => parsedText(text), new GatewayError('APPID_MISMATCH', 'the event is meant for another component'))
  }
})

void t.test('only what is no document or has no InfoType is unparsed, with its text and a reason', async (t) => {
  const texts: Record<string, [text: string, reason: string]> = {
    'not XML': ['hello', 'not-xml'],
    JSON: ['{"InfoType":"unauthorized"}', 'not-xml'],
    'a doctype': [`<!DOCTYPE xml [<!ENTITY e "x">]>${document('unauthorized', account(AUTHORIZER))}`, 'declaration'],
    'an unclosed tag': ['<xml><InfoType>unauthorized', 'not-well-formed'],
    'another root': ['<html></html>', 'wrong-root'],
    'a dangerous name': [document('unauthorized', '<constructor/>'), 'dangerous-name'],
    'no InfoType': [document('', account(AUTHORIZER)), 'no-info-type'],
    'two InfoType': [document('unauthorized', `<InfoType>authorized</InfoType>${account(AUTHORIZER)}`), 'no-info-type'],
    'a message': [
      '<xml><ToUserName>gh_1</ToUserName><FromUserName>o</FromUserName><CreateTime>1760000000</CreateTime><MsgType>text</MsgType></xml>',
      'no-info-type',
    ],
  }
  for (const [name, [text, reason]] of Object.entries(texts))
    t.same(parsedText(text), { kind: 'unparsed', raw: text, reason }, name)
})

void t.test('an event with an InfoType is that event, whatever is missing, empty or odd', async (t) => {
  const times = [
    '',
    ' ',
    'NaN',
    '-1',
    '9e99',
    '0',
    '1.5',
    '12345678901',
    '1760000000123',
    '0x10',
    '1760000000</CreateTime><CreateTime>1760000001',
    '1760086404',
  ]
  const code = '<AuthorizationCode>c</AuthorizationCode>'
  const kinds: Array<[infoType: string, fields: string, kind: string]> = [
    ['component_verify_ticket', '<ComponentVerifyTicket>ticket@@@1</ComponentVerifyTicket>', 'component_verify_ticket'],
    ['authorized', account(AUTHORIZER) + code, 'authorized'],
    ['updateauthorized', account(AUTHORIZER) + code, 'updateauthorized'],
    ['unauthorized', account(AUTHORIZER), 'unauthorized'],
    ['notify_third_fasteregister', '<appid>wxNEWMINIPROGRAM01</appid>', 'other'],
  ]
  for (const [infoType, fields, kind] of kinds) {
    for (const time of times)
      t.match(parsed(infoType, fields, time), { kind, infoType, createTimeSeconds: undefined }, `${infoType} ${time}`)
    t.match(parsedText(document(infoType, fields).replace(/<CreateTime>.*<\/CreateTime>/, '')), {
      kind,
      createTimeSeconds: undefined,
    })
  }

  const accounts = [
    '',
    '<AuthorizerAppid/>',
    account(AUTHORIZER) + account(AUTHORIZER),
    '<AuthorizerAppid><a>wx</a></AuthorizerAppid>',
  ]
  for (const appId of [
    'wx:UTHORIZER000001',
    'wx*UTHORIZER000001',
    '../../etc',
    'wx{x}HORIZER000001',
    'w'.repeat(1000),
    'wxAUTHORIZER00000\u00e9',
    'AUTHORIZER00000001',
  ]) {
    accounts.push(account(appId))
  }
  for (const infoType of ['authorized', 'updateauthorized', 'unauthorized']) {
    for (const written of accounts) {
      const found = parsed(infoType, written + code)
      t.match(found, { kind: 'other', infoType, authorizerAppId: undefined }, `${infoType} ${written.slice(0, 40)}`)
    }
  }
  for (const written of [
    '',
    '<AuthorizationCode/>',
    code + code,
    `<AuthorizationCode>${'c'.repeat(4096)}</AuthorizationCode>`,
    '<AuthorizationCode><a>c</a></AuthorizationCode>',
  ]) {
    const shown = parsed('authorized', account(AUTHORIZER) + written)
    t.match(shown, { kind: 'other', authorizerAppId: AUTHORIZER }, `a code ${written.slice(0, 40)}`)
  }
})

void t.test('a ticket that cannot be one is none', async (t) => {
  const ticket = (text: string) => `<ComponentVerifyTicket>${text}</ComponentVerifyTicket>`
  const texts = [
    '',
    '<ComponentVerifyTicket/>',
    ticket('<![CDATA[  ]]>'),
    ticket('t'.repeat(10_240)),
    ticket('<![CDATA[ticket\r\nX: y]]>'),
    ticket('<![CDATA[tic\u0000ket]]>'),
  ]
  for (const fields of [...texts, ticket('a') + ticket('b'), ticket('<a>b</a>')]) {
    t.match(parsed('component_verify_ticket', fields), { kind: 'unusable_ticket' }, fields.slice(0, 40))
  }
})

void t.test('codes with any character are codes, up to 512 of them', async (t) => {
  for (const code of ['a"b&c', 'line\nbreak', 'c'.repeat(512), '你']) {
    const event = parsed(
      'authorized',
      `${account(AUTHORIZER)}<AuthorizationCode><![CDATA[${code}]]></AuthorizationCode>`,
    )
    t.equal(event.kind === 'authorized' && event.authorizationCode.reveal(), code)
  }
})

void t.test('an account that is no appid never gets into another event', async (t) => {
  t.match(parsed('notify_third_fasteregister', '<appid>../../x</appid>'), { kind: 'other', authorizerAppId: undefined })
})
