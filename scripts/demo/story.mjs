// Owns: the demo's main story, over HTTP and with real consumers. Throws at the first failed check.
import { done, fact, shortened, step } from './print.mjs'

/** Retried: on a slow machine the gateway's own time-outs may be exceeded. */
const RETRIED_STATUSES = [502, 503, 504]

/** `until(what, ask)`: see patience.mjs. */
export async function playStory({ urls, apiKey, platform, accountAppId, consumers, until }) {
  const callOnce = client(`${urls.internal}/apis/v1/wx/${platform}`, { authorization: `Bearer ${apiKey}` })
  const gateway = (method, path, options) => {
    const what = `the gateway answers ${method} ${path.split('?')[0]} with success`
    return until(what, () => callOnce(method, path, { ...options, allow: RETRIED_STATUSES }))
  }
  const simulator = client(`${urls.simulator}/_simulator`)

  step('WeChat pushes a component_verify_ticket', '推送验证票据')
  const ticket = await simulator('POST', '/tickets')
  expect(ticket.ok, 'the ticket push was not answered with success')
  const attempt = ticket.attempts.at(-1)
  fact('answered', `${attempt.status} "${attempt.body}" after ${attempt.ms} ms`)
  const component = await gateway('GET', '/component_access_token')
  fact('component_access_token', shortened(component.token))
  fact('expires_in', `${component.expires_in} s`)
  done('the ticket is kept, sealed; the token was bought with it')

  step('Two teams subscribe to events', '下游订阅事件')
  const crm = await gateway('PUT', '/subscriptions/crm', { body: { sink: { kind: 'queue' } } })
  const received = { crm: consumers.startQueue(crm.sink.queue) }
  fact('crm', `BullMQ queue ${crm.sink.queue}`)
  const hook = await consumers.startWebhook()
  const billing = await gateway('PUT', '/subscriptions/billing', {
    body: {
      sink: { kind: 'webhook', url: hook.url, ...(hook.secret ? { secret: hook.secret } : {}) },
      match: { types: ['wechat.message.*'] },
    },
  })
  received.billing = hook.received
  fact('billing', `webhook ${billing.sink.url}, signed by Standard Webhooks`)
  done('both consumers run, from examples/')

  step('An account owner authorizes the platform', '公众号授权')
  const { url } = await gateway('GET', '/authurl?type=scancode')
  fact('authorization page', shortened(url))
  const landing = await confirm(url, accountAppId)
  fact('redirected to', landing.url.split('?')[0])
  const page = await until('the landing page is there', async () => {
    const answer = await fetch(landing.url, { headers: { accept: 'text/html' } })
    return RETRIED_STATUSES.includes(answer.status) ? undefined : answer
  })
  expect(page.ok, `the landing page answered ${page.status}`)
  const authorized = await until('the queue consumer hears of it', () =>
    received.crm.find(({ type }) => type === 'wechat.component.authorized'),
  )
  fact('event', `${authorized.type} ${authorized.id}`)
  const account = await gateway('GET', `/authorizers/${accountAppId}`)
  fact('account', `${account.nick_name} (${account.appid}), ${account.status}`)
  const exchanges = await simulator('GET', '/calls/count?api=api_query_auth')
  expect(exchanges.count === 1, `the code came twice (redirect and push) and was exchanged ${exchanges.count} times`)
  done('the code came by redirect and by push, and was exchanged once')

  step('Any service reads the account’s token', '业务服务读取令牌')
  const token = await gateway('GET', `/access_token/${accountAppId}`)
  fact('GET /access_token/:APPID', shortened(token.token))
  fact('expires_in', `${token.expires_in} s`)
  await expectValid(simulator, accountAppId, token.token)
  done('WeChat accepts it')

  step('A user writes to the account', '用户发消息')
  const content = `你好 ${new Date().toISOString()}`
  const pushed = await simulator('POST', `/accounts/${accountAppId}/messages/text`, {
    body: { openId: 'oDemoUser', content },
  })
  expect(pushed.ok, 'the message push was not taken')
  const answered = pushed.attempts.at(-1)
  fact('answered', `${answered.status} "${answered.body}" after ${answered.ms} ms`)
  const isIt = ({ type, data }) => type === 'wechat.message.text' && data.Content === content
  const queued = await until('the queue consumer has it', () => received.crm.find(isIt))
  fact('crm received', `${queued.type} ${queued.id} "${queued.data.Content}"`)
  const hooked = await until('the webhook has it', () => received.billing.find(isIt))
  fact('billing received', `${hooked.type} ${hooked.id} "${hooked.data.Content}"`)
  expect(queued.id === hooked.id, 'the two consumers got different ids')
  done('both got the same event; the signature was checked')

  step('The token is refreshed', '刷新令牌')
  const refreshed = await gateway('GET', `/access_token/${accountAppId}?force=true`)
  fact('new token', shortened(refreshed.token))
  expect(refreshed.token !== token.token, 'the token is still the old one')
  await expectValid(simulator, accountAppId, refreshed.token)
  const told = await until('consumers hear of it', () =>
    received.crm.find(({ type }) => type === 'gateway.token.refreshed'),
  )
  fact('event', `${told.type} ${told.id}`)
  done('the refresh token that WeChat returned was saved with it')
}

/** As the administrator's browser: opens the page, clicks the button, follows the redirect. */
async function confirm(url, account) {
  const { origin, pathname, searchParams } = new URL(url)
  const answer = await fetch(`${origin}${pathname}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams([...searchParams, ['account', account]]),
  })
  const location = answer.headers.get('location')
  expect(location, `the authorization page answered ${answer.status} and redirects nowhere`)
  return { url: location }
}

async function expectValid(simulator, appId, token) {
  const { current } = await simulator('POST', '/tokens/check', { body: { appId, token } })
  expect(current, 'WeChat does not accept the token')
}

function client(base, headers = {}) {
  return async (method, path, { body, allow = [] } = {}) => {
    const answer = await fetch(base + path, {
      method,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (allow.includes(answer.status)) return undefined
    expect(answer.ok, `${method} ${path.split('?')[0]} answered ${answer.status}`)
    return answer.json()
  }
}

function expect(condition, otherwise) {
  if (!condition) throw new Error(otherwise)
}
