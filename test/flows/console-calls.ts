// The page of the console that calls WeChat's APIs: with the catalogue's help, an answer as it came, and what WeChat
// refused.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { until } from '../helpers/until.ts'
import { APP, assertSound, fieldOf, KEYS, MARKUP, type Stage } from './console-stage.ts'

/** Beyond what a JavaScript number holds. */
const LONG_ID = '9007199254740993123'

export async function callsStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { simulator, call } = gateway
  if (!simulator.accounts.some(({ appId }) => appId === APP)) simulator.addAccount({ appId: APP })
  await simulator.authorize(APP)
  await until('the account is there', async () => (await call('GET', `/authorizers/${APP}`)).body.nick_name)

  await story.test(
    'what only reads is called at once; the catalogue says what it needs and whether it is granted',
    async (t) => {
      const page = await open(t, `accounts/${APP}`)
      await page.locator('main').getByRole('link', { name: 'Call WeChat' }).click()
      await choose(page, '/cgi-bin/user/info')
      t.equal(await fieldOf(page, 'Method').inputValue(), 'GET')
      await page.locator('li', { hasText: 'User management' }).getByText('Granted').waitFor()
      await fieldOf(page, 'Query').fill('openid=o1&lang=en')
      const body = `{"openid":"${MARKUP.replaceAll('"', '')}","id":${LONG_ID}}`
      simulator.fault('user/info', { times: 1, body, contentType: 'application/json' })
      await page.getByRole('button', { name: 'Call' }).click()
      await page.getByText(LONG_ID).waitFor()
      await assertSound(t, page, 'an answer of WeChat')
    },
  )

  await story.test('what cannot be taken back is asked about before; what is no JSON is not sent', async (t) => {
    const page = await open(t, `calls?appid=${APP}`, { locale: 'zh-CN', width: 375 })
    const sent = simulator.sentCustomMessages.length
    await choose(page, '/cgi-bin/message/custom/send', '接口路径')
    await fieldOf(page, '请求内容（JSON）').fill('{"touser": o1}')
    await page.locator('.field-error', { hasText: '不是 JSON' }).waitFor()
    await page.getByRole('button', { name: '调用' }).click()
    t.equal(await page.getByRole('dialog').count(), 0)
    await fieldOf(page, '请求内容（JSON）').fill(
      '{"touser":"oCONSOLE_READER","msgtype":"text","text":{"content":"您好"}}',
    )
    await page.getByRole('button', { name: '调用' }).click()
    t.equal(simulator.sentCustomMessages.length, sent)
    await page.getByText('不能撤回').waitFor()
    await assertSound(t, page, 'a call that asks before')
    await page.getByRole('button', { name: '确定' }).click()
    await until('it is sent', () => simulator.sentCustomMessages.length === sent + 1)
    await page.getByText('HTTP 状态').waitFor()
    t.match(simulator.sentCustomMessages.at(-1)?.message, { text: { content: '您好' } })
  })

  await story.test('a picture is downloaded as it came, and never shown as a page', async (t) => {
    const page = await open(t, `calls?appid=${APP}`)
    await choose(page, '/wxa/getwxacodeunlimit')
    await fieldOf(page, 'Body \\(JSON\\)').fill('{"scene":"a=1"}')
    await page.getByRole('button', { name: 'Call' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /^Download/ }).click(),
    ])
    t.equal((await readFile(await download.path())).subarray(1, 4).toString(), 'PNG')
    t.equal(await page.locator('pre').count(), 0)
  })

  await story.test('an errcode is explained, with what to do, and stands in the list of refused calls', async (t) => {
    const page = await open(t, `calls?appid=${APP}`, { colorScheme: 'dark' })
    await choose(page, '/cgi-bin/user/info')
    simulator.fault('user/info', { times: 1, errcode: 40003, errmsg: `${MARKUP} rid: 6a-1b-2c` })
    await page.getByRole('button', { name: 'Call' }).click()
    const refused = page.getByRole('alert').filter({ hasText: 'Errcode 40003' })
    await refused.getByText('openid').first().waitFor()
    await assertSound(t, page, 'a refusal of WeChat')
    await fieldOf(page, 'Errcode').fill('40003')
    await until('it is listed', async () => {
      await page.reload()
      await fieldOf(page, 'Errcode').fill('40003')
      await page.waitForSelector('.loading', { state: 'detached' })
      return (await page.locator('.rows tbody tr').count()) > 0
    })
    t.match(await page.textContent('.rows tbody'), '/cgi-bin/user/info')
    await page.getByRole('link', { name: APP }).first().click()
    await page.getByText('API calls that WeChat refused recently').waitFor()
    await page.locator('.rows code', { hasText: '40003' }).first().waitFor()
  })

  await story.test(
    'who may call some paths is offered these alone, and what the gateway refuses is its own answer',
    async (t) => {
      const page = await open(t, `calls?appid=${APP}`, { key: KEYS.narrow })
      await page.locator('datalist option').first().waitFor({ state: 'attached' })
      t.notMatch(await page.locator('datalist').innerHTML(), /value="(?!\/cgi-bin\/user\/)/)
      await choose(page, '/cgi-bin/menu/get')
      await page.getByText('Your rights do not include this path.').waitFor()
      t.equal(await page.locator('option[value=component]').count(), 0)
      t.equal(await page.getByText('Calls that WeChat refused recently').count(), 0)
      await choose(page, '/cgi-bin/user/..%2fmenu')
      await page.getByRole('button', { name: 'Call' }).click()
      await page.getByRole('button', { name: 'Confirm' }).click()
      await page.getByText('INVALID_REQUEST').waitFor()
    },
  )
}

async function choose(page: Page, path: string, label = 'Path of the API'): Promise<void> {
  await page.locator('datalist option').first().waitFor({ state: 'attached' })
  await fieldOf(page, label).fill(path)
}
