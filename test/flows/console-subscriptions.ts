// The subscriptions' pages of the console: making, changing, testing, pausing and deleting one, its secret, and who may what.
import type { Test } from 'tap'
import type { Page } from 'playwright-core'
import { startHook } from '../helpers/consumers.ts'
import { until } from '../helpers/until.ts'
import { APP, assertSound, DECLARED, KEYS, MARKUP, OTHER_APP, type Stage } from './console-stage.ts'

const SECRET = /whsec_[A-Za-z0-9+/]+=*/

export async function subscriptionsStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { call } = gateway
  const read = async (name: string): Promise<Record<string, unknown>> =>
    (await call('GET', `/subscriptions/${name}`)).body
  const putQueue = (name: string, match: object = {}) =>
    call('PUT', `/subscriptions/${name}`, { match, sink: { kind: 'queue' } })

  await story.test('one is made by the form, with its secret shown once, and gets a test event', async (t) => {
    const hook = await startHook(t)
    const page = await open(t, 'subscriptions')
    await page.getByRole('link', { name: 'New subscription' }).click()
    await page.getByLabel(/^Name/).fill('crm')
    await page.getByLabel('Event types').selectOption('only')
    await page.getByLabel('Types, one per line').fill('wechat.message.*\nwechat.event.subscribe')
    await page.getByRole('button', { name: 'Add a condition' }).click()
    await page.getByLabel(/^Field/).fill('EventKey')
    await page.getByLabel(/^Condition/).selectOption('not')
    await page.getByLabel('Values').fill(MARKUP)
    await page.getByLabel('URL').fill(`${hook.url}?${MARKUP}`)
    await page.getByLabel('Time-out').fill('2000')
    await page.getByLabel('Retry delays').fill('1, 2')
    await page.getByLabel('Order').selectOption('subject')
    await page.getByLabel('At most per second').fill('100')
    await assertSound(t, page, 'the form of a subscription')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByText('Shown only once').waitFor()
    const secret = await page.getByLabel('Signing secret').inputValue()
    t.match(secret, SECRET)
    t.match(await read('crm'), {
      match: { types: ['wechat.message.*', 'wechat.event.subscribe'], data: { EventKey: { not: [MARKUP] } } },
      sink: { kind: 'webhook', timeoutMs: 2000 },
      retry: { scheduleSeconds: [1, 2] },
      ordering: 'subject',
      throttle: { perSecond: 100 },
      maxBacklog: 1_000_000,
    })

    await page.getByRole('link', { name: 'Open the subscription' }).click()
    await page.getByText('Delivery status').waitFor()
    t.notMatch(await page.content(), SECRET)
    await page.getByRole('button', { name: 'Send a test event' }).click()
    await page.locator('.notice', { hasText: 'Test event sent' }).getByText('Delivered', { exact: true }).waitFor()
    t.equal(hook.received[0]?.event.type, 'gateway.subscription.test')
    await assertSound(t, page, 'a subscription')

    await page.getByRole('button', { name: 'Rotate the secret' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('Shown only once').waitFor()
    const rotated = await page.getByLabel('Signing secret').inputValue()
    t.match(rotated, SECRET)
    t.not(rotated, secret)
    await page.reload()
    await page.getByText('Delivery status').waitFor()
    t.notMatch(await page.content(), SECRET)
  })

  await story.test('what is wrong is said while it is typed, and nothing is sent', async (t) => {
    await putQueue('taken')
    const page = await open(t, 'subscriptions/_new', { locale: 'zh-CN', width: 375, colorScheme: 'dark' })
    const wrongs: Array<[label: string, text: string]> = [
      ['名称', 'Not-A-Name'],
      ['网址', 'ftp://crm.example/'],
      ['网址', 'https://user:secret@crm.example/'],
      ['超时', '99'],
      ['超时', '30001'],
      ['签名密钥', 'whsec_AAAA'],
      ['重试间隔', '5, 604801'],
      ['重试间隔', '5, soon'],
      ['重试间隔', Array.from({ length: 51 }, () => '1').join(',')],
      ['限速', '0'],
      ['限速', '10001'],
      ['暂停时最多保留', '0'],
      ['一直失败多久', '315360001'],
    ]
    for (const [label, text] of wrongs) {
      const field = page.getByLabel(label)
      await field.fill(text)
      t.equal(await page.locator('.field-error').count(), 1, `${label}: ${text}`)
      await field.fill('')
    }
    await assertSound(t, page, 'a form with what is wrong')
    await page.getByRole('button', { name: '创建' }).click()
    t.same(await page.locator('.field-error').allTextContents(), ['不能为空', '不能为空'])
    const focused = await page.evaluate('document.activeElement.closest("label").textContent')
    t.match(focused, '名称', 'the first wrong one has the focus')
    await page.getByLabel('名称').fill('taken')
    await page.getByLabel('方式').selectOption('queue')
    await page.getByRole('button', { name: '创建' }).click()
    await page.locator('.notice', { hasText: 'SUBSCRIPTION_EXISTS' }).waitFor()
    await page.getByLabel('名称').fill('inside')
    await page.getByLabel('方式').selectOption('webhook')
    await page.getByLabel('网址').fill('http://10.0.0.1/hook')
    await page.getByRole('button', { name: '创建' }).click()
    await page.locator('.notice', { hasText: 'INVALID_REQUEST' }).waitFor()
    t.equal((await call('GET', '/subscriptions/inside')).status, 404)
  })

  await story.test('one is changed, paused, disabled and deleted', async (t) => {
    const sink = { kind: 'stream', maxLength: 9 }
    await call('PUT', '/subscriptions/shop', { sink, match: { types: [] }, throttle: { perSecond: 7 } })
    const before = await read('shop')
    const page = await open(t, 'subscriptions/shop')
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Delivery status').waitFor()
    const { updatedAt: _before, ...kept } = before
    const { updatedAt: _after, ...after } = await read('shop')
    t.same(after, kept, 'saved unchanged, it is what it was')

    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('At most per second').fill('')
    await page.getByLabel('Entries kept').fill('5000')
    await call('PATCH', '/subscriptions/shop', { paused: true })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.notice', { hasText: 'Somebody has changed it' }).waitFor()
    await page.reload()
    await page.getByLabel('At most per second').fill('')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    t.match(await read('shop'), { throttle: null, paused: true, sink: { maxLength: 9 } })

    await press(page, 'Resume', 'Pause')
    t.match(await read('shop'), { paused: false })
    await press(page, 'Pause', 'Resume')
    t.match(await read('shop'), { paused: true })
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await press(page, 'Enable', 'Disable')
    t.match(await read('shop'), { enabled: true })
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    t.equal((await call('GET', '/subscriptions/shop')).status, 200)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('link', { name: 'New subscription' }).waitFor()
    t.equal((await call('GET', '/subscriptions/shop')).status, 404)
  })

  await story.test('a declared one is shown as such, and only paused or disabled here', async (t) => {
    const page = await open(t, `subscriptions/${DECLARED}`, { width: 375 })
    await page.getByText('is declared in CONFIG_FILE').waitFor()
    const buttons = ['Send a test event', 'Pause', 'Disable']
    t.same(await page.locator('.page-head .actions button').allTextContents(), buttons)
    t.equal(await page.getByRole('link', { name: 'Edit' }).count(), 0)
    await assertSound(t, page, 'a declared subscription')
    await page.evaluate(`location.hash += '/edit'`)
    await page.getByText('edit it there').waitFor()
  })

  await story.test(
    'what a consumer answers and fails with is text, and the list shows its health at a glance',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 500, body: MARKUP }))
      const sink = { kind: 'webhook', url: `${hook.url}?${MARKUP}` }
      const match = { data: { [MARKUP.replaceAll(' ', '').slice(0, 60)]: [MARKUP] } }
      await call('PUT', '/subscriptions/broken', { sink, match, retry: { scheduleSeconds: [] } })
      await call('POST', '/subscriptions/broken/test')
      const dead = async () => ((await read('broken/stats')) as { deadLetters?: number }).deadLetters === 1
      await until('it is dead', dead)
      const page = await open(t, 'subscriptions', { width: 375, colorScheme: 'dark' })
      const row = page.locator('tr', { hasText: 'broken' })
      await row.getByRole('link', { name: '1', exact: true }).waitFor()
      await assertSound(t, page, 'the list of subscriptions')
      await row.getByRole('link', { name: 'broken' }).click()
      await page.getByText('Reasons of dead letters').waitFor()
      t.match(await page.textContent('main'), 'HTTP 500')
      await assertSound(t, page, 'a subscription that fails')
    },
  )

  await story.test('a key of one account sees, makes and changes what is of this account alone', async (t) => {
    await putQueue('theirs', { authorizers: [OTHER_APP] })
    await putQueue('everybody')
    await putQueue('ours', { authorizers: [APP] })
    const page = await open(t, 'subscriptions', { key: KEYS.subscriber })
    await page.getByRole('link', { name: 'ours' }).waitFor()
    for (const beyond of ['theirs', 'everybody', DECLARED]) {
      t.equal(await page.getByRole('link', { name: beyond }).count(), 0, beyond)
    }
    await page.getByRole('link', { name: 'New subscription' }).click()
    t.equal(await page.getByLabel('Accounts').inputValue(), APP)
    await page.getByLabel('Accounts').fill(OTHER_APP)
    t.match(await page.locator('.field-error').textContent(), 'Exceeds your rights')
    t.equal(await page.getByText('Passive reply').count(), 0)
    await page.getByLabel('Accounts').fill(APP)
    await page.getByLabel(/^Name/).fill('theirs')
    await page.getByLabel('Kind').selectOption('queue')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.locator('.notice', { hasText: 'FORBIDDEN' }).waitFor()
    await page.getByLabel(/^Name/).fill('ours-too')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByText('Delivery status').waitFor()
    t.match(await read('ours-too'), { match: { authorizers: [APP] } })
    await page.evaluate(`location.hash = '#/open1/subscriptions/everybody'`)
    await page.locator('.notice', { hasText: 'FORBIDDEN' }).waitFor()

    const reader = await open(t, 'subscriptions/ours', { key: KEYS.narrow })
    await reader.getByText('Delivery status').waitFor()
    t.equal(await reader.locator('.page-head .actions').count(), 0)
    const stranger = await open(t, 'subscriptions', { key: KEYS.reader })
    await stranger.getByText('There is no such page').waitFor()
  })
}

async function press(page: Page, name: string, next: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('button', { name: next, exact: true }).waitFor()
}
