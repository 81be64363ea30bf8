// Owns: `npm run console -- shots [URL KEY]`: pictures of every page of the console, in both languages, on a phone and a desktop,
// of a gateway that runs already: default, that of `npm run demo`. They go to shots/, which is not committed.
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT, say } from '../run-command.mjs'

const { chromium } = createRequire(join(ROOT, 'test/package.json'))('playwright-core')
const DEMO = ['http://127.0.0.1:3001', 'demo-key-demo-key-demo-key-demo-key']
const SHOTS = join(ROOT, 'shots')
const DEVICES = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 375, height: 760 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
}
const LOCALES = { zh: 'zh-CN', en: 'en-US' }
/** Of a page with a list, also the page of its first item. */
const FIRST_ITEM = 'main .rows tbody a'

export async function main([url = DEMO[0], key = DEMO[1]]) {
  await mkdir(SHOTS, { recursive: true })
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  const shootAs = async (name, options) => shoot(await browser.newContext(options), { name, url, key })
  for (const [device, options] of Object.entries(DEVICES)) {
    for (const [language, locale] of Object.entries(LOCALES)) await shootAs(`${device}-${language}`, { ...options, locale })
  }
  await shootAs('desktop-zh-dark', { ...DEVICES.desktop, locale: LOCALES.zh, colorScheme: 'dark' })
  await browser.close()
  return 0
}

async function shoot(context, { name, url, key }) {
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') say(`${name}: ${message.text()}`)
  })
  page.on('pageerror', (error) => say(`${name}: ${error.message}`))
  await page.goto(`${url}/console/`)
  await page.waitForSelector('form')
  await picture(page, `${name}-sign-in`)
  await page.fill('input', key)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.menu', { state: 'attached' })
  const hrefs = await page.locator('.menu a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))
  for (const href of hrefs) {
    const path = href.split('/').at(-1)
    await open(page, href)
    await picture(page, `${name}-${path}`)
    const item = await page.locator(FIRST_ITEM).first().getAttribute('href', { timeout: 300 }).catch(() => undefined)
    if (path === 'overview' || !item?.startsWith(href)) continue
    await open(page, item)
    await picture(page, `${name}-${path}-one`)
  }
  await context.close()
}

async function open(page, href) {
  await page.evaluate((hash) => {
    location.hash = hash
  }, href)
  await page.waitForSelector('h1')
  // Nothing is awaited any more, but for streams.
  await page.waitForFunction(() => !document.querySelector('.waiting'), undefined, { timeout: 5000 }).catch(() => say(`${href} still waits`))
  await page.waitForTimeout(250)
}

async function picture(page, name) {
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
}
