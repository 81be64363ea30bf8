// What each kind of reader comes for, from the overview, in at most four clicks: support, operations at night, the platform's owner, a
// consumer's developer; and replaying yesterday's failures of one consumer.
import type { Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { until } from '../helpers/until.ts'
import { assertSound, fieldOf, type Stage } from './console-stage.ts'

const MAX_CLICKS = 4
const CUSTOMER = 'oCUSTOMER_X'
const SHOP = 'wx00000000000000c1'
const LOST = 'wx00000000000000c2'
const DAY_MS = 86_400_000

export async function tasksStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { simulator, call } = gateway
  const hook = await startHook(story)
  simulator.addAccount({ appId: SHOP, nickName: '咖啡馆' })
  await simulator.authorize(SHOP)
  await until('it is known', async () => (await call('GET', `/authorizers/${SHOP}`)).status === 200)
  const sink = { kind: 'webhook', url: hook.url }
  await call('PUT', '/subscriptions/orders', { sink, match: { authorizers: [SHOP] }, retry: { scheduleSeconds: [] } })
  const deadLetters = async () => (await call('GET', '/subscriptions/orders/dead-letters')).body.items ?? []

  /** From the overview, counting clicks. */
  async function begin(t: Test): Promise<{ page: Page; click(what: Locator): Promise<void> }> {
    const page = await open(t, 'overview')
    let clicks = 0
    return {
      page,
      async click(what) {
        clicks += 1
        t.ok(clicks <= MAX_CLICKS, `click ${clicks}`)
        await what.click()
      },
    }
  }
  const menu = (page: Page, name: string) => page.locator('.menu').getByRole('link', { name, exact: true })

  await story.test('support: did the message of customer X arrive?', async (t) => {
    await simulator.sendText(SHOP, { openId: CUSTOMER, content: 'where is my order' })
    await until('it has arrived', async () => hook.received.length > 0)
    const { page, click } = await begin(t)
    await click(menu(page, 'Events'))
    await fieldOf(page, 'Appid of the account').fill(SHOP)
    await fieldOf(page, 'OpenID of the user').fill(CUSTOMER)
    await page.keyboard.press('Enter')
    await page.waitForURL(/subject=/)
    await click(page.locator('.rows tbody a').first())
    await page.getByRole('table', { name: 'Deliveries' }).locator('time').first().waitFor()
    t.match(await page.textContent('main'), /orders/)
    await assertSound(t, page, 'a delivered event')
  })

  await story.test('operations: what is wrong, and what do I do?', async (t) => {
    for (const { process } of gateway.workers) await process.end()
    const knowsOfNone = async () => {
      const answer = await fetch(`${gateway.internalUrl}/diagnosis`, { headers: gateway.auth })
      return (await answer.text()).includes('no worker runs')
    }
    await until('no worker is alive', knowsOfNone)
    const { page, click } = await begin(t)
    const first = page.locator('.problem').first()
    await first.getByText('Workers', { exact: true }).waitFor()
    await click(first.getByRole('link', { name: 'Start npm run start:worker' }))
    await page.getByRole('heading', { name: 'Diagnosis' }).waitFor()
    await page.locator('.rows tbody tr').first().getByText('Start npm run start:worker').waitFor()
    await gateway.startWorker()
    await page.getByText(/no worker runs/).waitFor()
    await until('one is alive', async () => !(await knowsOfNone()))
    await click(page.getByRole('button', { name: 'Check again' }))
    await page.getByText(/no worker runs/).waitFor({ state: 'detached' })
  })

  await story.test('the owner: which accounts lost their authorization? Send one a link', async (t) => {
    simulator.addAccount({ appId: LOST, nickName: '书店' })
    await simulator.authorize(LOST)
    await until('it is known', async () => (await call('GET', `/authorizers/${LOST}`)).body.nick_name === '书店')
    await loseAuthorization(LOST)
    const { page, click } = await begin(t)
    await click(page.getByRole('link', { name: 'Send a new authorization link' }))
    await click(page.getByRole('link', { name: '书店' }))
    await click(page.getByRole('link', { name: 'New authorization link' }))
    await click(page.getByRole('button', { name: 'New link' }))
    const link = page.getByLabel('Link', { exact: true })
    await link.waitFor()
    t.match(await link.inputValue(), new RegExp(`^${gateway.publicUrl}/`))
  })

  await story.test('a developer: why does my webhook get nothing?', async (t) => {
    hook.answer = () => ({ status: 503 })
    for (let index = 0; index < 6; index += 1)
      await simulator.sendText(SHOP, { openId: CUSTOMER, content: `again ${index}` })
    await until('some are dead', async () => (await deadLetters()).length >= 6)
    const { page, click } = await begin(t)
    await click(page.locator('.problem', { hasText: 'orders is failing' }).getByRole('link'))
    await page.getByText('HTTP 503').first().waitFor()
    hook.answer = () => ({ status: 204 })
    await click(page.getByRole('button', { name: 'Send a test event' }))
    await page.locator('.notice', { hasText: 'Test event sent' }).waitFor()
  })

  await story.test("replaying yesterday's failures of one consumer", async (t) => {
    const before = hook.received.length
    const { page, click } = await begin(t)
    // What has failed a moment ago was yesterday for whoever looks tomorrow.
    await page.clock.setFixedTime(Date.now() + DAY_MS)
    await click(page.locator('.rows').getByRole('link', { name: 'orders', exact: true }))
    await click(page.getByRole('button', { name: 'Yesterday' }))
    await click(page.getByRole('button', { name: 'Start the replay' }))
    await page.getByText(/^Started, \d+ deliveries/).waitFor()
    await until('all have come', async () => hook.received.length >= before + 6)
    await until('none is dead', async () => (await deadLetters()).length === 0)
  })

  async function loseAuthorization(appId: string): Promise<void> {
    const refused = simulator.fault('api_authorizer_token', {
      appId,
      errcode: 61023,
      errmsg: 'refresh_token is invalid',
    })
    await call('POST', `/authorizers/${appId}/refresh`)
    refused.remove()
  }
}
