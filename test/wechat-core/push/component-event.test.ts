// Owns: how component events are understood, sample by sample, and what is set aside.
import t from 'tap'
import { GatewayError, parseComponentEvent, rawWithoutCodes, withoutCodes, type ComponentEvent } from '@wxgw/wechat-core'
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

function parsed(infoType: string, fields: string, createTime?: string): ComponentEvent {
  return parseComponentEvent(document(infoType, fields, createTime), COMPONENT)
}

function account(appId: string): string {
  return `<AuthorizerAppid><![CDATA[${appId}]]></AuthorizerAppid>`
}

void t.test('a ticket is taken verbatim', async (t) => {
  const event = parsed(
    'component_verify_ticket',
    '<ComponentVerifyTicket><![CDATA[ticket@@@AbC-123_xyz]]></ComponentVerifyTicket>',
  )
  t.match(event, { kind: 'component_verify_ticket', createTimeSeconds: 1_760_000_000, infoType: 'component_verify_ticket' })
  t.equal(event.kind === 'component_verify_ticket' && event.ticket.reveal(), 'ticket@@@AbC-123_xyz')
})

void t.test('an authorization says who, with which code and until when', async (t) => {
  for (const kind of ['authorized', 'updateauthorized'] as const) {
    const event = parsed(kind, account(AUTHORIZER) + CODE_FIELDS)
    t.match(event, { kind, authorizerAppId: AUTHORIZER, authorizationCodeExpiresAtSeconds: 1_760_003_600 })
    if (event.kind !== kind) continue
    t.equal(event.authorizationCode.reveal(), 'queryauthcode@@@abc')
    t.equal(event.preAuthCode?.reveal(), 'preauthcode@@@def')
    t.notMatch(JSON.stringify({ ...event, data: withoutCodes(event.data) }), /@@@/, 'no code is printed')
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
  t.throws(() => parseComponentEvent(known.plaintext, COMPONENT), { code: 'APPID_MISMATCH' })
  const event = parseComponentEvent(known.plaintext.replace(known.receiveId, COMPONENT), COMPONENT)
  t.match(event, { kind: 'unauthorized', createTimeSeconds: 1_436_876_196, authorizerAppId: 'wx570bc396a51b8ff8' })
})

void t.test('other events come whole, with the account they are about', async (t) => {
  const samples: Record<string, { fields: string; account: string | undefined; data: Record<string, unknown> }> = {
    notify_third_fasteregister: {
      fields:
        '<appid>wxNEWMINIPROGRAM01</appid>\n<status>0</status>\n<auth_code>queryauthcode@@@ghi</auth_code>\n<msg>OK</msg>\n<info>\n' +
        '<name><![CDATA[Some Company]]></name>\n<code><![CDATA[123456789]]></code>\n<code_type>1</code_type>\n</info>',
      account: 'wxNEWMINIPROGRAM01',
      data: {
        appid: 'wxNEWMINIPROGRAM01',
        status: '0',
        msg: 'OK',
        info: { name: 'Some Company', code: '123456789', code_type: '1' },
      },
    },
    notify_third_fastregisterbetaapp: {
      fields:
        '<appid><![CDATA[wxTRIAL00000000001]]></appid><status>0</status><msg><![CDATA[OK]]></msg>\n' +
        '<info><unique_id><![CDATA[uid]]></unique_id><name><![CDATA[trial]]></name></info>',
      account: 'wxTRIAL00000000001',
      data: { appid: 'wxTRIAL00000000001', status: '0', msg: 'OK', info: { unique_id: 'uid', name: 'trial' } },
    },
    notify_third_fastverifybetaapp: {
      fields:
        '<appid><![CDATA[wxTRIAL00000000001]]></appid><status>0</status><msg>OK</msg>\n' +
        '<info><name/><code/><code_type>1</code_type><legal_persona_wechat/></info>',
      account: 'wxTRIAL00000000001',
      data: {
        appid: 'wxTRIAL00000000001',
        status: '0',
        msg: 'OK',
        info: { name: '', code: '', code_type: '1', legal_persona_wechat: '' },
      },
    },
    notify_icpfiling_verify_result: {
      fields: '<task_id><![CDATA[t-1]]></task_id><verify_appid><![CDATA[wxMINI000000000001]]></verify_appid><result>3</result>',
      account: 'wxMINI000000000001',
      data: { task_id: 't-1', verify_appid: 'wxMINI000000000001', result: '3' },
    },
    notify_apply_icpfiling_result: {
      fields: '<authorizer_appid><![CDATA[wxMINI000000000001]]></authorizer_appid><beian_status>6</beian_status>',
      account: 'wxMINI000000000001',
      data: { authorizer_appid: 'wxMINI000000000001', beian_status: '6' },
    },
    notify_3rd_wxa_auth: {
      fields:
        '<appid><![CDATA[wxMINI000000000001]]></appid>\n<task_status>0</task_status><message><![CDATA[waiting]]></message>' +
        '<dispatch_info><provider><![CDATA[p]]></provider><dispatch_time>1760000690</dispatch_time></dispatch_info>',
      account: 'wxMINI000000000001',
      data: {
        appid: 'wxMINI000000000001',
        task_status: '0',
        message: 'waiting',
        dispatch_info: { provider: 'p', dispatch_time: '1760000690' },
      },
    },
    notify_3rd_wxa_wxverify: {
      fields:
        '<appid><![CDATA[wxMINI000000000001]]></appid><expired>1763000000</expired>\n<message>\n  <![CDATA[two lines\nof text]]>\n</message>',
      account: 'wxMINI000000000001',
      data: { appid: 'wxMINI000000000001', expired: '1763000000', message: 'two lines\nof text' },
    },
    order_path_audit_result_notify: {
      fields:
        '<list><appid><![CDATA[wxMINI000000000001]]></appid><audit_id>1001</audit_id><status>4</status><reason><![CDATA[]]></reason></list>\n' +
        '<list><appid><![CDATA[wxMINI000000000002]]></appid><audit_id>1002</audit_id><reason><![CDATA[]]></reason></list>',
      account: undefined,
      data: {
        list: [
          { appid: 'wxMINI000000000001', audit_id: '1001', status: '4', reason: '' },
          { appid: 'wxMINI000000000002', audit_id: '1002', reason: '' },
        ],
      },
    },
    something_of_tomorrow: { fields: '<New><Deep>x</Deep></New>', account: undefined, data: { New: { Deep: 'x' } } },
  }
  for (const [infoType, sample] of Object.entries(samples)) {
    const event = parsed(infoType, sample.fields)
    t.match(event, { kind: 'other', infoType, authorizerAppId: sample.account })
    if (event.kind !== 'other') continue
    t.same(withoutCodes(event.data), { AppId: COMPONENT, CreateTime: '1760000000', InfoType: infoType, ...sample.data })
  }
})

void t.test('an event with a single list item has an array too', async (t) => {
  const event = parsed('order_path_apply_result_notify', '<list><appid>wxMINI000000000001</appid><ret_code>0</ret_code></list>')
  t.match(event, { data: { list: [{ ret_code: '0' }] } })
})

void t.test('an event for another component is APPID_MISMATCH, whatever else it says', async (t) => {
  for (const text of [
    document('authorized', '').replace(COMPONENT, OTHER_COMPONENT),
    `<xml><AppId>${OTHER_COMPONENT}</AppId></xml>`,
    '<xml><AppId>x</AppId><InfoType>unauthorized</InfoType></xml>',
  ]) {
    t.throws(
      () => parseComponentEvent(text, COMPONENT),
      new GatewayError('APPID_MISMATCH', 'the event is meant for another component'),
    )
  }
})

void t.test('what cannot be understood is unparsed, with its text and a reason', async (t) => {
  const ticket = (written: string) => document('component_verify_ticket', written)
  const authorized = (fields: string) => document('authorized', fields)
  const code = '<AuthorizationCode>c</AuthorizationCode>'
  const texts: Record<string, string> = {
    'not XML': 'hello',
    JSON: '{"InfoType":"unauthorized"}',
    'a doctype': `<!DOCTYPE xml [<!ENTITY e "x">]>${document('unauthorized', account(AUTHORIZER))}`,
    'an unclosed tag': '<xml><InfoType>unauthorized',
    'another root': '<html></html>',
    'no InfoType': document('', account(AUTHORIZER)),
    'two InfoType': document('unauthorized', `<InfoType>authorized</InfoType>${account(AUTHORIZER)}`),
    'a message':
      '<xml><ToUserName>gh_1</ToUserName><FromUserName>o</FromUserName><CreateTime>1760000000</CreateTime><MsgType>text</MsgType></xml>',
    'ticket missing': ticket(''),
    'ticket empty': ticket('<ComponentVerifyTicket/>'),
    'ticket blank': ticket('<ComponentVerifyTicket><![CDATA[  ]]></ComponentVerifyTicket>'),
    'ticket of 10 KB': ticket(`<ComponentVerifyTicket>${'t'.repeat(10_240)}</ComponentVerifyTicket>`),
    'ticket with CRLF': ticket('<ComponentVerifyTicket><![CDATA[ticket\r\nX: y]]></ComponentVerifyTicket>'),
    'ticket with NUL': ticket('<ComponentVerifyTicket><![CDATA[tic\u0000ket]]></ComponentVerifyTicket>'),
    'two tickets': ticket('<ComponentVerifyTicket>a</ComponentVerifyTicket><ComponentVerifyTicket>b</ComponentVerifyTicket>'),
    'ticket with elements': ticket('<ComponentVerifyTicket><a>b</a></ComponentVerifyTicket>'),
    'no account': authorized(code),
    'no code': authorized(account(AUTHORIZER)),
    'an empty code': authorized(`${account(AUTHORIZER)}<AuthorizationCode/>`),
    'a code of 4 KB': authorized(`${account(AUTHORIZER)}<AuthorizationCode>${'c'.repeat(4096)}</AuthorizationCode>`),
    'unauthorized without account': document('unauthorized', ''),
  }
  for (const appId of [
    'wx:UTHORIZER000001',
    'wx*UTHORIZER000001',
    '../../etc',
    'wx{x}HORIZER000001',
    'w'.repeat(1000),
    'wxAUTHORIZER00000\u00e9',
    'AUTHORIZER00000001',
  ]) {
    texts[`account ${appId.slice(0, 20)}`] = authorized(account(appId) + code)
    texts[`unauthorized account ${appId.slice(0, 20)}`] = document('unauthorized', account(appId))
  }
  for (const createTime of [
    'NaN',
    '-1',
    '9e99',
    '',
    '0',
    '1.5',
    '12345678901',
    '0x10',
    '1760000000</CreateTime><CreateTime>1760000001',
  ]) {
    texts[`CreateTime ${createTime}`] = document('unauthorized', account(AUTHORIZER), createTime)
  }
  for (const [name, text] of Object.entries(texts)) {
    const event = parseComponentEvent(text, COMPONENT)
    if (event.kind !== 'unparsed') t.fail(`${name} is ${event.kind}`)
    else t.ok(event.raw === text && event.reason.length > 0, name)
  }
})

void t.test('codes with any character are codes, up to 512 of them', async (t) => {
  for (const code of ['a"b&c', 'line\nbreak', 'c'.repeat(512), '你']) {
    const event = parsed('authorized', `${account(AUTHORIZER)}<AuthorizationCode><![CDATA[${code}]]></AuthorizationCode>`)
    t.equal(event.kind === 'authorized' && event.authorizationCode.reveal(), code)
  }
})

void t.test('an account that is no appid never gets into another event', async (t) => {
  t.match(parsed('notify_third_fasteregister', '<appid>../../x</appid>'), { kind: 'other', authorizerAppId: undefined })
})

void t.test('tickets and codes are taken out at any depth, and nothing else', async (t) => {
  const tree = {
    ComponentVerifyTicket: 't',
    keep: 'x',
    info: { auth_code: 'c', deeper: { PreAuthCode: 'p', keep: '' }, list: [{ AuthorizationCode: 'a', keep: '1' }, 'text'] },
  }
  t.same(withoutCodes(tree), { keep: 'x', info: { deeper: { keep: '' }, list: [{ keep: '1' }, 'text'] } })
  t.equal(tree.ComponentVerifyTicket, 't', 'the original is untouched')
})

void t.test('tickets and codes are taken out of text that could not be parsed', async (t) => {
  const raw = `<xml><A>1</A><ComponentVerifyTicket><![CDATA[ticket@@@1]]></ComponentVerifyTicket>${CODE_FIELDS}<auth_code>q@@@2</auth_code><B>2</B>`
  const cleaned = rawWithoutCodes(raw)
  t.notMatch(cleaned, /@@@/)
  t.match(cleaned, /^<xml><A>1<\/A><ComponentVerifyTicket><\/ComponentVerifyTicket>.*<B>2<\/B>$/s)
  t.notMatch(rawWithoutCodes('<xml><AuthorizationCode x="y">queryauthcode@@@3'), /@@@/, 'also when it is never closed')
  t.equal(rawWithoutCodes('hello'), 'hello')
})
