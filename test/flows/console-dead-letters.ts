// The pages of dead letters and replays of the console: what is dead and why, sending it again or discarding it, replaying a time.
import type { Test } from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { until } from '../helpers/until.ts'
import { APP, assertSound, KEYS, MARKUP, type Stage } from './console-stage.ts'

export async function deadLettersStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { call, simulator } = gateway
  const deadOf = async (name: string) =>
    (await call('GET', `/subscriptions/${name}/dead-letters?limit=500`)).body.items ?? []
  if (!simulator.accounts.some(({ appId }) => appId === APP)) simulator.addAccount({ appId: APP })
  const hook = await startHook(story, () => ({ status: 500 }))

  /** Of test events, and of nothing else: each fails once. */
  async function putDead(name: string, count: number): Promise<void> {
    const match = { authorizers: [APP], types: [] }
    const sink = { kind: 'webhook', url: `${hook.url}?${MARKUP}` }
    await call('PUT', `/subscriptions/${name}`, { match, sink, retry: { scheduleSeconds: [] } })
    for (let n = 0; n < count; n += 1) await call('POST', `/subscriptions/${name}/test`)
    await until('all are dead', async () => (await deadOf(name)).length === count)
  }

  await story.test('what is picked goes again or is discarded, and the rest stays', async (t) => {
    await putDead('picky', 5)
    const page = await open(t, 'dead-letters')
    await page.getByRole('link', { name: 'picky' }).click()
    const boxes = page.locator('tbody input[type=checkbox]')
    await boxes.first().waitFor()
    t.equal(await boxes.count(), 5)
    t.same(await page.getByLabel('most frequent').locator('option').allTextContents(), ['All reasons', '5 × HTTP 500'])
    await assertSound(t, page, 'dead letters')

    await boxes.nth(0).check()
    await boxes.nth(1).check()
    await page.getByRole('button', { name: 'Discard selected' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    t.equal((await deadOf('picky')).length, 5)
    await page.getByRole('button', { name: 'Discard selected' }).click()
    await page.getByText('Discards 2').waitFor()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('2 discarded').waitFor()
    t.equal((await deadOf('picky')).length, 3)

    hook.received.splice(0)
    hook.answer = () => ({ status: 204 })
    await boxes.first().check()
    await page.getByRole('button', { name: 'Replay selected' }).click()
    await page.getByText('1 replayed').waitFor()
    await until('it is delivered', () => hook.received.length === 1)
    await until('two are left', async () => (await deadOf('picky')).length === 2)

    await page.getByRole('button', { name: 'Replay all' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('No dead letters.').waitFor()
    await until('all are delivered', () => hook.received.length === 3)
  })

  await story.test('all are discarded once it is confirmed', async (t) => {
    hook.answer = () => ({ status: 500 })
    await putDead('heap', 3)
    const page = await open(t, 'dead-letters/heap', { locale: 'zh-CN', width: 375, colorScheme: 'dark' })
    await page.locator('tbody input[type=checkbox]').first().waitFor()
    await assertSound(t, page, 'dead letters on a phone')
    await page.getByRole('button', { name: '丢弃全部' }).click()
    await page.getByText('会丢弃 3 条').waitFor()
    t.equal((await deadOf('heap')).length, 3)
    await page.getByRole('button', { name: '确定' }).click()
    await page.getByText('没有死信').waitFor()
    t.same(await deadOf('heap'), [])
  })

  await story.test('who may only read sees them and can do nothing', async (t) => {
    hook.answer = () => ({ status: 500 })
    await putDead('watched', 1)
    const page = await open(t, 'dead-letters/watched', { key: KEYS.narrow })
    await page.getByRole('cell', { name: 'HTTP 500' }).waitFor()
    t.equal(await page.locator('main input[type=checkbox]').count(), 0)
    t.equal(await page.getByRole('button', { name: 'Replay all' }).count(), 0)
    await page.evaluate(`location.hash = '#/open1/subscriptions/watched'`)
    await page.getByText('Delivery status').waitFor()
    t.equal(await page.getByRole('button', { name: 'Start the replay' }).count(), 0)
  })

  await story.test("a consumer's failures are replayed in four clicks, and the page shows how far it is", async (t) => {
    const crm = await startHook(story, () => ({ status: 500 }))
    const sink = { kind: 'webhook', url: crm.url }
    const match = { data: { Content: { prefix: 'crash ' } } }
    await call('PUT', '/subscriptions/crashed', { match, sink, retry: { scheduleSeconds: [] } })
    for (let n = 0; n < 30; n += 1) await simulator.sendText(APP, { openId: 'oUSER', content: `crash ${n}` })
    await until('all are dead', async () => (await deadOf('crashed')).length === 30)
    crm.received.splice(0)
    crm.answer = () => ({ status: 204 })
    const page = await open(t, 'overview')
    await page.getByRole('link', { name: 'Subscriptions', exact: true }).click()
    await page.getByRole('link', { name: 'crashed', exact: true }).first().click()
    await page.getByRole('button', { name: 'Last hour' }).click()
    await page.getByRole('button', { name: 'Start the replay' }).click()
    await page.getByText('Started, 30 deliveries').waitFor()
    await page.getByText('30 delivered').waitFor()
    await page.locator('tbody').getByText('Completed').waitFor()
    t.equal(crm.received.length, 30)
    t.same(await deadOf('crashed'), [])
    await assertSound(t, page, 'replays')
  })

  await story.test('a replay is paused, resumed and cancelled, and a refused one says why', async (t) => {
    const page = await open(t, 'subscriptions/crashed', { width: 375 })
    await page.getByLabel('At most per second').fill('1001')
    t.match(await page.locator('.field-error').textContent(), 'Must be from 1 to 1,000')
    await page.getByLabel('At most per second').fill('1')
    await page.getByLabel('Only undelivered events').uncheck()
    await page.getByText('Delivered events are delivered again').waitFor()
    await page.getByRole('button', { name: 'Start the replay' }).click()
    const running = page.locator('tbody tr').first()
    await running.getByRole('button', { name: 'Pause' }).click()
    await running.getByRole('button', { name: 'Resume' }).waitFor()
    await page.getByRole('button', { name: 'Start the replay' }).click()
    await page.locator('.notice', { hasText: 'REPLAY_LIMIT' }).waitFor()
    await running.getByRole('button', { name: 'Resume' }).click()
    await running.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await running.getByText('Cancelled').waitFor()
    await assertSound(t, page, 'replays on a phone')
  })
}
