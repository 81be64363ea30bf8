// The pages in a real browser: on a phone's and a computer's size, in both languages, the whole way through WeChat's pages, which the
// simulator plays. WeChat checks there where the visit comes from, and the browser what our pages allow it.
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { leastContrast, startBrowser } from '../helpers/browser.ts'
import { freePort } from '../helpers/free-port.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

/** A directory for screenshots, to look at them. */
const SCREENSHOTS = process.env['TEST_SCREENSHOTS']

const DEVICES: Record<string, BrowserContextOptions> = {
  phone: {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    userAgent:
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/150.0 Mobile Safari/537.36 MicroMessenger/8.0.50',
  },
  computer: { viewport: { width: 1280, height: 800 } },
}
const LANGUAGES = {
  'zh-CN': { button: '前往微信授权', done: '授权成功', over: '授权已完成', back: '返回授权页面', set: '消息管理' },
  'en-US': {
    button: 'Continue to WeChat',
    done: 'Authorized',
    over: 'Already authorized',
    back: 'Back to the authorization page',
    set: 'Message management',
  },
} as const
type Language = keyof typeof LANGUAGES

/** Where sessions send the browser afterwards. */
async function startOwnApp(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<h1>home</h1><p id="query">${request.url?.split('?')[1] ?? ''}</p>`)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${port}`
}

async function createSession({ call }: Gateway, wanted: Record<string, unknown> = {}): Promise<string> {
  const { body } = await call('POST', '/authorization-sessions', {
    reference: '<b>canary</b>',
    tags: { a: '<script>' },
    ...wanted,
  })
  return String(body.url)
}

/** Opens a page as this visitor, and fails the test for whatever the browser complains of or fetches beside it. */
async function openPage(t: Test, browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options)
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) t.fail(message.text())
  })
  page.on('request', (request) => {
    if (!request.isNavigationRequest() && !request.url().endsWith('/favicon.ico'))
      t.fail(`the page fetched ${request.url()}`)
  })
  return page
}

async function shot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}

void t.test('pages in a browser', async (t) => {
  const browser = await startBrowser(t)
  if (!browser) return
  const home = await startOwnApp(t)
  const gateway = await startGateway({
    env: { AUTH_REDIRECT_ORIGINS: home },
    simulator: { authorizationDomains: ['127.0.0.1'] },
  })
  t.teardown(() => gateway.stop())
  const { simulator } = gateway
  await simulator.pushTicket()
  await until('the ticket is there', async () => (await gateway.call('GET', '/component_access_token')).status === 200)
  const startUrl = `${gateway.publicUrl}/apis/v1/wx/open1/authorize?category_id_list=1%7C2`

  for (const [device, options] of Object.entries(DEVICES)) {
    for (const locale of Object.keys(LANGUAGES) as Language[]) {
      const texts = LANGUAGES[locale]
      const name = `${device}-${locale}`

      await t.test(`the whole way of a session, ${name}`, async (t) => {
        const page = await openPage(t, browser, { ...options, locale })
        const { appId, nickName } = simulator.addAccount({ funcInfo: [1, 2, 15] })
        const url = await createSession(gateway, {
          categoryIdList: '1|2|9',
          returnUrl: device === 'phone' ? `${home}/done?a=1#/x` : undefined,
        })
        t.equal((await page.goto(url))?.status(), 200)
        t.equal(await page.getAttribute('html', 'lang'), locale.startsWith('zh') ? 'zh-CN' : 'en')
        t.equal(await page.locator('svg').count(), device === 'phone' ? 0 : 1)
        t.notMatch(await page.content(), /canary/)
        t.match(await page.textContent('.sets'), texts.set)
        t.ok((await leastContrast(page)) >= 4.5, 'contrast')
        t.equal(
          await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
          true,
          'nothing is wider than the screen',
        )
        const height = (await page.getByRole('button', { name: texts.button }).boundingBox())?.height ?? 0
        t.ok(height >= 44, 'large enough for a finger')
        await shot(page, `session-${name}`)

        // By keyboard alone.
        await page.keyboard.press('Tab')
        await Promise.all([page.waitForURL(`${simulator.url}/**`), page.keyboard.press('Enter')])
        t.match(page.url(), device === 'phone' ? '/wxaopen/safe/bindcomponent' : '/cgi-bin/componentloginpage')
        await shot(page, `wechat-${name}`)
        await page.click(`button[value="${appId}"]`)
        if (device === 'phone') {
          await page.waitForURL(`${home}/**`)
          const { searchParams, hash } = new URL(page.url())
          t.match(Object.fromEntries(searchParams), {
            a: '1',
            appid: appId,
            status: 'completed',
            reference: '<b>canary</b>',
          })
          t.equal(hash, '#/x')
        } else {
          await page.waitForSelector('h1')
          t.equal(await page.textContent('h1'), texts.done)
          t.match(await page.textContent('main'), nickName)
          t.ok((await leastContrast(page)) >= 4.5, 'contrast')
        }
        await shot(page, `landed-${name}`)
        t.equal((await page.goto(url))?.status(), 200)
        t.equal(await page.textContent('h1'), texts.over)
        await shot(page, `over-${name}`)
      })

      // The same code as the session's: two of the four are enough.
      if ((device === 'phone') !== (locale === 'zh-CN')) continue

      await t.test(`the page of the platform, and the way back from an error, ${name}`, async (t) => {
        const page = await openPage(t, browser, { ...options, locale })
        await page.goto(startUrl)
        await shot(page, `start-${name}`)
        const [button, code] = await Promise.all([
          page.getByRole('button').boundingBox(),
          page.locator('svg').boundingBox(),
        ])
        if (device === 'phone') t.ok((button?.y ?? 0) < (code?.y ?? 0), "the phone's way comes first")
        simulator.fault('api_create_preauthcode', { errcode: -1, times: 1 })
        await page.getByRole('button', { name: texts.button }).click()
        await page.waitForURL('**/authorize/go?**')
        t.match(await page.textContent('main'), 'WECHAT_API_ERROR')
        t.ok((await leastContrast(page)) >= 4.5, 'contrast')
        await shot(page, `error-${name}`)
        await page.getByRole('link', { name: texts.back }).click()
        await page.waitForURL(startUrl)
        await Promise.all([
          page.waitForURL(`${simulator.url}/**`),
          page.getByRole('button', { name: texts.button }).click(),
        ])
        t.equal(
          await page.textContent('h1'),
          '将帐号授权给第三方平台 · Authorize the platform',
          'WeChat lets the visit in',
        )
      })
    }
  }

  await t.test('dark, and every other end of a session', async (t) => {
    const page = await openPage(t, browser, { ...DEVICES['phone'], locale: 'zh-CN', colorScheme: 'dark' })
    const url = await createSession(gateway)
    await page.goto(url)
    t.ok((await leastContrast(page)) >= 4.5, 'contrast')
    await shot(page, 'session-dark')
    await gateway.call('DELETE', `/authorization-sessions/${url.split('/').at(-1)}`)
    t.equal((await page.goto(url))?.status(), 410)
    t.ok((await leastContrast(page)) >= 4.5, 'contrast')
    await shot(page, 'cancelled-dark')
    t.equal((await page.goto(`${url}x`))?.status(), 404)
    await shot(page, 'unknown-dark')
  })
})
