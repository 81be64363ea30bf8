// Owns: what WeChat's release check is answered, and that nobody else is.
import t from 'tap'
import {
  parseAuthorizerMessage,
  RELEASE_CHECK_ACCOUNTS,
  releaseCheckAnswer,
  type ReleaseCheckAnswer,
} from '@wxgw/wechat-core'
import { AUTHORIZER } from './make-push.ts'

function answer(fields: string, { appId = AUTHORIZER, userName = 'gh_1' } = {}): ReleaseCheckAnswer | undefined {
  const message = parseAuthorizerMessage(
    `<xml><ToUserName>${userName}</ToUserName><FromUserName>o</FromUserName><CreateTime>1760001000</CreateTime>${fields}</xml>`,
    Date.now(),
  )
  return releaseCheckAnswer({ authorizerAppId: appId, message })
}

const text = (content: string) => `<MsgType>text</MsgType><Content><![CDATA[${content}]]></Content>`
const PROBE = text('TESTCOMPONENT_MSG_TYPE_TEXT')

void t.test('there are ten test accounts, five of them mini programs', async (t) => {
  t.equal(RELEASE_CHECK_ACCOUNTS.length, 10)
  t.equal(RELEASE_CHECK_ACCOUNTS.filter((account) => account.isMiniProgram).length, 5)
  t.equal(new Set(RELEASE_CHECK_ACCOUNTS.flatMap(({ appId, userName }) => [appId, userName])).size, 20)
})

void t.test('the text probe is answered to each test account, by appid or by user name', async (t) => {
  const expected = { kind: 'reply', content: 'TESTCOMPONENT_MSG_TYPE_TEXT_callback' }
  for (const { appId, userName } of RELEASE_CHECK_ACCOUNTS) {
    t.same(answer(PROBE, { appId, userName }), expected)
    t.same(answer(PROBE, { appId }), expected)
    t.same(answer(PROBE, { userName }), expected)
  }
})

void t.test('the code probe gives the code, cut at the first colon only', async (t) => {
  const { appId = '', userName = '' } = RELEASE_CHECK_ACCOUNTS[0] ?? {}
  const found = answer(text('QUERY_AUTH_CODE:queryauthcode@@@a:b'), { appId, userName })
  t.equal(found?.kind === 'query-auth-code' && found.authorizationCode.reveal(), 'queryauthcode@@@a:b')
  t.equal(answer(text('QUERY_AUTH_CODE:'), { appId, userName }), undefined, 'no code')
})

void t.test('any event is answered with its own name', async (t) => {
  const { appId = '', userName = '' } = RELEASE_CHECK_ACCOUNTS[0] ?? {}
  const event = '<MsgType>event</MsgType><Event><![CDATA[LOCATION]]></Event><Latitude>1</Latitude>'
  t.same(answer(event, { appId, userName }), { kind: 'reply', content: 'LOCATIONfrom_callback' })
})

void t.test('other accounts and other messages are not answered', async (t) => {
  const { appId = '', userName = '' } = RELEASE_CHECK_ACCOUNTS[0] ?? {}
  t.equal(answer(PROBE), undefined)
  t.equal(answer(text('QUERY_AUTH_CODE:x')), undefined)
  t.equal(answer('<MsgType>event</MsgType><Event>LOCATION</Event>'), undefined)
  for (const content of ['hello', 'TESTCOMPONENT_MSG_TYPE_TEXT ', 'xQUERY_AUTH_CODE:y', 'query_auth_code:y']) {
    t.equal(answer(text(content), { appId, userName }), undefined, content)
  }
  t.equal(answer('<MsgType>image</MsgType><MediaId>m</MediaId>', { appId, userName }), undefined)
  const found = releaseCheckAnswer({ authorizerAppId: appId, message: parseAuthorizerMessage('hello', Date.now()) })
  t.equal(found, undefined, 'unparsed')
})
