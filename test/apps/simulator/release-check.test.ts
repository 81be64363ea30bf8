import { encryptMessage, signParts, startSimulator, textOf } from '@wxgw/simulator'
import { got } from 'got'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { componentToken, exchange } from './api-client.ts'
import { type ReceivedPush, startStubGateway } from './stub-gateway.ts'

const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'

function textReply(push: ReceivedPush, content: string) {
  const plaintext =
    `<xml><ToUserName><![CDATA[${textOf(push.fields, 'FromUserName')}]]></ToUserName>` +
    `<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content></xml>`
  const nonce = push.query.get('nonce') ?? ''
  const encrypt = encryptMessage({ encodingAesKey: KEY, plaintext, receiveId: push.receiveId })
  const signature = signParts('simulatorToken', '1', nonce, encrypt)
  return `<xml><Encrypt>${encrypt}</Encrypt><MsgSignature>${signature}</MsgSignature><TimeStamp>1</TimeStamp><Nonce>${nonce}</Nonce></xml>`
}

async function world(t: { teardown(fn: () => Promise<void>): void }) {
  const gateway = await startStubGateway(KEY)
  const simulator = await startSimulator({ eventUrl: gateway.eventUrl, callbackUrl: gateway.callbackUrl, attempts: 1 })
  t.teardown(async () => {
    await simulator.close()
    await gateway.close()
  })
  return { gateway, simulator }
}

for (const sameCode of [true, false]) {
  void t.test(`a good gateway passes, with ${sameCode ? 'the code of authorized' : 'its own code'}`, async (t) => {
    const { gateway, simulator } = await world(t)
    async function sendFromApi(push: ReceivedPush, code: string) {
      const { accessToken } = await exchange(simulator, await componentToken(simulator), code)
      const json = {
        touser: textOf(push.fields, 'FromUserName'),
        msgtype: 'text',
        text: { content: `${code}_from_api` },
      }
      await got.post(`${simulator.url}/cgi-bin/message/custom/send`, {
        searchParams: { access_token: accessToken },
        json,
      })
    }
    const sending: Array<Promise<void>> = []
    gateway.answerWith((push) => {
      const content = textOf(push.fields, 'Content')
      const [command, ...rest] = content.split(':')
      if (command === 'QUERY_AUTH_CODE') {
        sending.push(sendFromApi(push, rest.join(':')))
        return { body: '' }
      }
      if (content !== '') return { body: textReply(push, `${content}_callback`) }
      const event = textOf(push.fields, 'Event')
      return { body: event === '' ? 'success' : textReply(push, `${event}from_callback`) }
    })
    const { ok, steps } = await simulator.runReleaseCheck({ group: 2, sameCode })
    await Promise.all(sending)
    t.ok(ok, JSON.stringify(steps.filter((step) => !step.ok)))
    t.equal(steps.length, 9)
    t.match(pluck(gateway.received, 'path'), ['/event', '/event', '/event', '/wx9252c5e0bb1836fc/callback'])
  })
}

void t.test('a gateway that only says success is told which steps it failed', async (t) => {
  const { simulator } = await world(t)
  const { ok, steps } = await simulator.runReleaseCheck({ apiMessageTimeoutMs: 30 })
  t.notOk(ok)
  t.same(
    pluck(
      steps.filter((step) => !step.ok),
      'name',
    ),
    ['text callback', 'API message wx570bc396a51b8ff8', 'API message wxd101a85aa106f53e', 'event callback'],
  )
})
