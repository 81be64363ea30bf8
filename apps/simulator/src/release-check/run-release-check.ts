// Owns: the steps of the release check (全网发布检测), and what each expects of the platform.
import type { Accounts } from '../accounts.ts'
import type { CustomerService } from '../api/customer-service.ts'
import type { Pauses } from '../pauses.ts'
import type { ComponentPushes } from '../push/component-pushes.ts'
import type { MessagePushes } from '../push/message-pushes.ts'
import type { PushResult } from '../push/pusher.ts'
import { textOf } from '../xml/read-xml.ts'
import { TEST_GROUPS, type TestAccount } from './test-accounts.ts'

export type ReleaseCheckOptions = {
  /** 1 to 5; WeChat chooses at random. */
  group?: number
  /** QUERY_AUTH_CODE has the code of the `authorized` push, or else a new one: WeChat documents neither. Default true. */
  sameCode?: boolean
  /** Time-out of the message by message/custom/send. */
  apiMessageTimeoutMs?: number
}

export type ReleaseCheckStep = { name: string; ok: boolean; detail: string }
export type ReleaseCheckReport = { ok: boolean; steps: ReleaseCheckStep[] }

type Deps = {
  accounts: Accounts
  componentPushes: ComponentPushes
  messagePushes: MessagePushes
  customerService: Pick<CustomerService, 'sent'>
  pauses: Pick<Pauses, 'pause' | 'closed'>
}

const OPEN_ID = 'ozy4qt5QUADNXORxCVipKMV9dss0'

/**
 * Ticket, authorization, text callback, API message (公众号 and 小程序), event callback, revocation.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/operation/thirdparty/releases_instructions.html
 */
export async function runReleaseCheck(deps: Deps, options: ReleaseCheckOptions = {}): Promise<ReleaseCheckReport> {
  const { group = 1, sameCode = true, apiMessageTimeoutMs = 10_000 } = options
  const accounts = TEST_GROUPS[group - 1]
  if (!accounts) throw new RangeError('group must be 1 to 5')
  const { accounts: world, componentPushes, messagePushes } = deps
  const steps: ReleaseCheckStep[] = []
  world.add({ ...accounts.officialAccount, nickName: '全网发布检测公众号' })
  world.add({ ...accounts.miniProgram, nickName: '全网发布检测小程序', isMiniProgram: true })

  steps.push(acked('ticket', await componentPushes.pushTicket()))
  const codes = new Map<TestAccount, string>()
  for (const account of [accounts.officialAccount, accounts.miniProgram]) {
    const { authorizationCode, push } = await componentPushes.authorize(account.appId, { push: 'authorized' })
    steps.push(acked(`authorized ${account.appId}`, push))
    codes.set(account, authorizationCode)
  }

  const text = 'TESTCOMPONENT_MSG_TYPE_TEXT'
  const { appId } = accounts.officialAccount
  const textPush = await messagePushes.sendText(appId, { openId: OPEN_ID, content: text })
  steps.push(replied('text callback', textPush, `${text}_callback`))

  for (const [account, code] of codes) {
    const queried = sameCode
      ? code
      : (await componentPushes.authorize(account.appId, { push: false })).authorizationCode
    steps.push(await apiMessage(deps, account.appId, { code: queried, timeoutMs: apiMessageTimeoutMs }))
  }

  const fields = { Latitude: 23.1, Longitude: 113.3 }
  const eventPush = await messagePushes.sendEvent(appId, { openId: OPEN_ID, event: 'LOCATION', fields })
  steps.push(replied('event callback', eventPush, 'LOCATIONfrom_callback'))

  for (const account of codes.keys()) {
    const { push } = await componentPushes.unauthorize(account.appId)
    steps.push(acked(`unauthorized ${account.appId}`, push))
  }
  return { ok: steps.every(({ ok }) => ok), steps }
}

type ApiMessage = { code: string; timeoutMs: number }

async function apiMessage(deps: Deps, appId: string, { code, timeoutMs }: ApiMessage): Promise<ReleaseCheckStep> {
  const name = `API message ${appId}`
  const push = await deps.messagePushes.sendText(appId, { openId: OPEN_ID, content: `QUERY_AUTH_CODE:${code}` })
  if (!push.ok) return acked(name, push)
  if (push.reply) return { name, ok: false, detail: 'a passive reply came where an empty answer was wanted' }
  const wanted = JSON.stringify({ content: `${code}_from_api` })
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = deps.customerService.sent.some(
      (sent) => sent.appId === appId && sent.touser === OPEN_ID && JSON.stringify(sent.message['text']) === wanted,
    )
    if (found) return { name, ok: true, detail: 'message/custom/send came with the right token and text' }
    if (performance.now() > deadline || deps.pauses.closed) {
      return { name, ok: false, detail: `no message/custom/send with the right text in ${timeoutMs} ms` }
    }
    await deps.pauses.pause(20)
  }
}

function acked(name: string, push: PushResult | undefined): ReleaseCheckStep {
  if (!push) return { name, ok: false, detail: 'nothing was pushed' }
  const last = push.attempts.at(-1)
  return { name, ok: push.ok, detail: push.ok ? 'acknowledged' : (push.skipped ?? last?.detail ?? 'no attempt') }
}

function replied(name: string, push: PushResult, content: string): ReleaseCheckStep {
  if (!push.ok) return acked(name, push)
  if (!push.reply) return { name, ok: false, detail: 'no passive reply' }
  const ok = textOf(push.reply.fields, 'MsgType') === 'text' && textOf(push.reply.fields, 'Content') === content
  return { name, ok, detail: ok ? 'the right passive reply' : 'another passive reply than was wanted' }
}
