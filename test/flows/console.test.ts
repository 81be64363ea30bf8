// The console in a real browser: signing in, every page in both languages, on a phone, and for those who cannot see it well.
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import t from 'tap'
import { startBrowser } from '../helpers/browser.ts'
import { API_KEY, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const PAGES = ['overview', 'accounts', 'events', 'diagnosis', 'audit']
const SERIOUS = `axe.run().then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ' ' + nodes[0].html))`

async function signIn(page: Page, key: string): Promise<void> {
  await page.fill('input[type=password]', key)
  await page.keyboard.press('Enter')
}

void t.test('the console in a browser', async (t) => {
  const browser = await startBrowser(t)
  if (!browser) return
  const gateway = await startGateway()
  t.teardown(() => gateway.stop())
  await gateway.simulator.pushTicket()
  await until('it is ready', async () => (await fetch(`${gateway.internalUrl}/readyz`)).ok)

  for (const locale of ['zh-CN', 'en-US']) {
    await t.test(`every page, ${locale}, as wide as a phone`, async (t) => {
      const context = await browser.newContext({ locale, viewport: { width: 375, height: 760 }, bypassCSP: true })
      t.teardown(() => context.close())
      const page = await context.newPage()
      page.on('pageerror', (error) => t.fail(error.message))
      page.on('console', (message) => {
        // Without a session the first look is refused.
        if (message.type() === 'error' && !message.text().includes('401')) t.fail(message.text())
      })
      await page.goto(`${gateway.internalUrl}/console/`)
      await page.addScriptTag({ path: AXE })
      await signIn(page, 'x'.repeat(40))
      await page.waitForSelector('.field-error')
      t.same(await page.evaluate(SERIOUS), [])
      await signIn(page, API_KEY)
      await page.waitForSelector('.menu', { state: 'attached' })
      for (const name of PAGES) {
        await page.evaluate(`location.hash = '#/open1/${name}'`)
        await page.waitForSelector(`.menu a[aria-current][href$="/${name}"]`, { state: 'attached' })
        await page.waitForSelector('h1')
        await page.waitForFunction("!document.querySelector('.waiting')")
        t.same(await page.evaluate(SERIOUS), [], name)
        t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${name}: nothing is wider than the screen`)
      }
    })
  }
})
