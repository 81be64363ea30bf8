// The events' pages of the console: finding one, what happened to it, its content, replaying it, and the events as they
// come.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { until } from '../helpers/until.ts'
import { APP, assertSound, fieldOf, KEYS, MARKUP, OTHER_APP, type Stage } from './console-stage.ts'

const OPENID = 'oCONSOLE_READER'

/** A webhook that refuses until it is repaired, in words of its own. */
async function startHook(t: Test) {
  const hook = { url: '', status: 500, received: [] as string[] }
  const server = createServer((request, response) => {
    hook.received.push(String(request.headers['webhook-id']))
    request.resume().on('end', () => response.writeHead(hook.status, { 'content-type': 'text/html' }).end(MARKUP))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close().closeAllConnections())
  const address = server.address()
  hook.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
  return hook
}

export async function eventsStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { simulator, call } = gateway
  const hook = await startHook(story)
  for (const appId of [APP, OTHER_APP]) {
    if (!simulator.accounts.some((account) => account.appId === appId))
      simulator.addAccount({ appId, nickName: MARKUP, funcInfo: [1, 2] })
    await simulator.authorize(appId)
  }
  await until('both are there', async () => {
    const answers = await Promise.all([APP, OTHER_APP].map((appId) => call('GET', `/authorizers/${appId}`)))
    return answers.every(({ body }) => body.nick_name === MARKUP)
  })
  const put = (name: string, body: object) => call('PUT', `/subscriptions/${name}`, body)
  const retry = { scheduleSeconds: [3600] }
  await put('hook', {
    sink: { kind: 'webhook', url: hook.url },
    match: { authorizers: [APP], types: ['wechat.message.text'] },
    retry,
  })
  await put('images', { sink: { kind: 'queue' }, match: { data: { MsgType: ['image'] } } })
  const send = (appId: string, content: string) => simulator.sendText(appId, { content, openId: OPENID })
  const newest = async (): Promise<string> => {
    const { body } = await call('GET', `/events?authorizer=${APP}&subject=${OPENID}&limit=1`)
    return body.items?.[0]?.id ?? ''
  }
  await send(APP, MARKUP)
  const id = await until('it has failed once', async () => {
    const { body } = await call('GET', `/events?subscription=hook&status=retrying`)
    return body.items?.[0]?.id
  })

  // It is looked at in the end: the gateway looks at the session every 15 s.
  const ended = await open(story, 'events?live=1')
  await ended.getByText('Live', { exact: true }).waitFor()
  await endSession(ended)

  await story.test(
    'an event is found by what it is, by its delivery and by its text, and what is wrong is said',
    async (t) => {
      const page = await open(t, 'events', { width: 375 })
      const rows = page.locator('.rows tbody tr')
      const search = async (label: string, text: string) => {
        await fieldOf(page, label).fill(text)
        await page.keyboard.press('Enter')
      }
      await page.getByText('Filters', { exact: true }).click()
      await fieldOf(page, 'Subscription').fill('hook')
      await fieldOf(page, 'Status').selectOption('retrying')
      await page.getByRole('button', { name: 'Search' }).click()
      await until('one is found', async () => (await rows.count()) === 1)
      await search('Contains text', 'globalThis.ran')
      await page.waitForURL(/q=globalThis/)
      await until('it is still found', async () => (await rows.count()) === 1)
      await search('Contains text', 'nowhere to be found')
      await page.getByText('No event matches.').waitFor()
      const asked = page.url()
      await search('Contains text', 'x')
      await search('OpenID of the user', 'o1')
      t.equal(await page.locator('.field-error').count(), 2)
      t.equal(page.url(), asked, 'nothing is asked')
      await assertSound(t, page, 'filters of events')
    },
  )

  await story.test('a search that was cut says down to where it came, and goes on', async (t) => {
    const page = await open(t, 'overview')
    const answers = [
      { items: [], nextCursor: 'more', scannedTo: '2026-01-02T03:04:05.000Z' },
      { items: [], nextCursor: null },
    ]
    await page.route('**/events?**q=rare**', (route) => route.fulfill({ json: answers.shift() }))
    await page.evaluate("location.hash = '#/open1/events?q=rare'")
    t.match(await page.getByText('Searched back to').locator('time').getAttribute('title'), '2026-01-02 03:04:05 UTC')
    await page.getByRole('button', { name: 'Continue searching' }).click()
    await page.getByText('No event matches.').waitFor()
  })

  await story.test(
    'its content stays hidden until it is asked for, which is audited; each attempt shows what was answered',
    async (t) => {
      const page = await open(t, `events/${id}`)
      await page.locator('.timeline').getByText('HTTP 500').first().waitFor()
      t.notMatch(await page.textContent('main'), /globalThis/)
      await page.getByRole('button', { name: 'Show content' }).click()
      await until(
        'content and answer are there',
        async () => ((await page.textContent('main')) ?? '').split('<script>').length === 3,
      )
      await assertSound(t, page, 'an event with content')
      const entry = await until('it is audited', async () => {
        const answer = await fetch(`${gateway.internalUrl}/audit?action=events:content`, { headers: gateway.auth })
        const { items } = (await answer.json()) as { items: Array<{ by: string; route: string }> }
        return items.find(({ by, route }) => by === 'session' && route.endsWith('/events/:id'))
      })
      t.ok(entry)
    },
  )

  await story.test('who would get it is explained, and it is replayed to one and to all', async (t) => {
    const page = await open(t, `events/${id}`, { locale: 'zh-CN', width: 375 })
    await page.getByText('字段 MsgType 不符合条件。').waitFor()
    hook.status = 200
    const toHook = page.locator('li', { hasText: 'hook' }).getByRole('button', { name: '重放给它' })
    for (const button of [toHook, page.getByRole('button', { name: '重放给所有匹配的订阅' })]) {
      const before = hook.received.length
      await button.click()
      await page.getByRole('button', { name: '确定' }).click()
      await until('it has come again', () => hook.received.length > before)
      t.equal(hook.received.at(-1), id)
    }
    await page.locator('.step-good', { hasText: '已送达' }).first().waitFor()
    await assertSound(t, page, 'a replayed event')
    await page.getByRole('button', { name: '抹除用户内容' }).click()
    await page.getByRole('button', { name: '确定' }).click()
    await page.getByText('已抹除 1 条').waitFor()
    const { body } = await call('GET', `/events/${id}`)
    t.same(Object.keys(body.event?.data ?? {}).toSorted(), ['CreateTime', 'MsgId', 'MsgType'])
  })

  await story.test('events are shown as they come; a pause holds them, and none is missing after it', async (t) => {
    const page = await open(t, 'events', { colorScheme: 'dark' })
    await page.getByRole('link', { name: 'Watch live' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    const links = page.locator('.rows tbody a')
    await send(APP, MARKUP)
    await until('it is shown', async () => (await links.count()) === 1)
    await page.getByRole('button', { name: 'Pause' }).click()
    for (const appId of [APP, OTHER_APP, APP]) await send(appId, MARKUP)
    const last = await until('the last is stored', async () => {
      const { body } = await call('GET', `/events?authorizer=${APP}&subject=${OPENID}`)
      return (body.items?.length ?? 0) >= 4 ? newest() : undefined
    })
    t.equal(await links.count(), 1)
    await page.getByRole('button', { name: 'Resume' }).click()
    await until('all are shown', async () => (await links.count()) === 4)
    t.match(await links.first().getAttribute('href'), encodeURIComponent(last))
    await assertSound(t, page, 'events as they come')
    await page.getByLabel('Appid of the account').fill(OTHER_APP)
    await page.keyboard.press('Enter')
    await page.getByText('Live', { exact: true }).waitFor()
    await send(OTHER_APP, MARKUP)
    await page.locator('.rows tbody tr', { hasText: OTHER_APP }).first().waitFor()
  })

  await story.test('who has one account sees its events alone, no content, and replays nothing', async (t) => {
    const page = await open(t, 'events', { key: KEYS.narrow })
    await page.getByRole('link', { name: 'A user sends text' }).first().waitFor()
    t.notMatch(await page.textContent('.rows'), OTHER_APP)
    await page.evaluate(`location.hash = '#/open1/events/${id}'`)
    await page.getByText('Without events:content').waitFor()
    for (const name of ['Show content', 'Replay', 'Erase'])
      t.equal(await page.getByRole('button', { name }).count(), 0, name)
    await page.evaluate("location.hash = '#/open1/events/of-nobody'")
    await page.getByText('FORBIDDEN').waitFor()
  })

  await story.test('a session that has ended ends the events as they come, and leads to the sign-in', async (t) => {
    await ended.waitForSelector('input[type=password]')
    t.match(await ended.textContent('main'), 'The session has expired')
    await ended.fill('input[type=password]', gateway.auth.authorization.slice('Bearer '.length))
    await ended.keyboard.press('Enter')
    await ended.getByText('Live', { exact: true }).waitFor()
  })

  // Other stories have subscriptions of their own.
  for (const name of ['hook', 'images']) await call('DELETE', `/subscriptions/${name}`)
}

/** Elsewhere, as another window would. */
async function endSession(page: Page): Promise<void> {
  await page.evaluate(`fetch('session').then((answer) => answer.json()).then(({ csrfToken }) =>
    fetch('session', { method: 'DELETE', headers: { 'x-csrf-token': csrfToken } }))`)
}
