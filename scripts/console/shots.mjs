// Owns: `npm run console:shots [-- URL KEY]`: screenshots of every page of the console, in both languages, on phone and
// desktop, some in dark, into shots/. URL: a running gateway; by default `npm run demo`. It creates an authorization link
// when there is none.
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
/** Pages with the most colours. */
const DARK = ['sign-in', 'overview', 'events-one', 'subscriptions-one', 'subscriptions-_new', 'calls', 'diagnosis']
/** Link to the page of a list's first item. */
const FIRST_ITEM = 'main .rows tbody a'

export async function main([url = DEMO[0], key = DEMO[1]]) {
  await mkdir(SHOTS, { recursive: true })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const shootAs = async (name, options, only) => shoot(await browser.newContext(options), { name, url, key, only })
  for (const [device, options] of Object.entries(DEVICES)) {
    for (const [language, locale] of Object.entries(LOCALES))
      await shootAs(`${device}-${language}`, { ...options, locale })
    await shootAs(`${device}-zh-dark`, { ...options, locale: LOCALES.zh, colorScheme: 'dark' }, DARK)
  }
  await browser.close()
  return 0
}

/** `only`: these screenshots; default: all. */
async function shoot(context, { name, url, key, only }) {
  const page = await context.newPage()
  page.on('console', (message) => {
    // Before the sign-in, reading the session answers 401.
    if (message.type() === 'error' && !message.text().includes('status of 401')) say(`${name}: ${message.text()}`)
  })
  page.on('pageerror', (error) => say(`${name}: ${error.message}`))
  const isWanted = (path) => !only || only.includes(path)
  async function picture(path) {
    if (isWanted(path)) await page.screenshot({ path: join(SHOTS, `${name}-${path}.png`), fullPage: true })
  }
  await page.goto(`${url}/console/`)
  await page.waitForSelector('form')
  await picture('sign-in')
  await page.fill('input', key)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.menu', { state: 'attached' })
  const platform = await page.locator('.menu a').first().getAttribute('href')
  const hrefOf = (path) => platform.replace('overview', path)

  /** `after`: runs on the page before the screenshot. */
  async function visit(path, href = hrefOf(path), after = async () => {}) {
    const named = path.replaceAll(/\W+/g, '-')
    if (!isWanted(named)) return
    await open(page, href)
    await after()
    await settled(page, path)
    await picture(named)
  }
  /** The page of the first item of the list at `href`. */
  async function visitFirst(path, href = hrefOf(path)) {
    if (!isWanted(`${path}-one`)) return
    const item = await firstItem(page, href)
    if (item) await visit(`${path}-one`, item)
    else say(`${name}: ${path} has no item`)
  }

  await visit('overview')
  await visit('accounts')
  await visitFirst('accounts')
  if (!(await firstItem(page, hrefOf('links')))) await makeLink(page, hrefOf('links/new'))
  await visit('links')
  await visitFirst('links')
  await visit('links/new')
  await visit('events')
  await visitFirst('events', hrefOf('events?type=wechat.message.*'))
  if (isWanted('events-one-content')) {
    await page
      .getByRole('button', { name: /^(显示内容|Show content)/ })
      .first()
      .click()
    await settled(page, 'events/one')
    await picture('events-one-content')
  }
  await visit('events/live', hrefOf('events?live=1'))
  await visit('subscriptions')
  await visitFirst('subscriptions')
  await visit('subscriptions/_new')
  await visit('dead-letters')
  await visitFirst('dead-letters')
  await visit('calls')
  await visit('diagnosis', undefined, () => page.locator('details summary').first().click())
  await visit('audit')
  await visit('no-such-page')
  await context.close()
}

async function open(page, href) {
  await page.evaluate((hash) => {
    location.hash = hash
  }, href)
  await page.waitForSelector('h1')
}

/** Waits until nothing loads any more. */
async function settled(page, what) {
  await page.waitForTimeout(100)
  const options = { timeout: 5000 }
  await page
    .waitForFunction(() => !document.querySelector('.loading'), undefined, options)
    .catch(() => say(`${what} still waits`))
  await page.waitForTimeout(250)
}

async function firstItem(page, href) {
  await open(page, href)
  await settled(page, href)
  const item = page.locator(FIRST_ITEM).first()
  if ((await item.count()) === 0) return undefined
  const target = await item.getAttribute('href')
  return target.startsWith(href.split('?')[0]) ? target : undefined
}

async function makeLink(page, href) {
  await open(page, href)
  await page.locator('main form input').first().fill('shots of the console')
  await page.locator('main form button[type=submit]').click()
  await page.waitForSelector('.qr-code')
}
