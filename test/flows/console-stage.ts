// Owns: what the stories of the console share: one gateway, one browser, callers with few rights, and what holds on
// every page.
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { API_KEY, type Gateway, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

export const APP = 'wx00000000000000aa'
export const OTHER_APP = 'wx00000000000000bb'
/** What a stranger may give as a name or a text: it would run where it is taken for markup. */
export const MARKUP = `<img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script>"'&`

const NARROW_ACTIONS = [
  'console:use',
  'authorizers:read',
  'sessions:read',
  'sessions:write',
  'events:read',
  'api:call',
  'subscriptions:read',
]
const SUBSCRIBER_ACTIONS = ['console:use', 'subscriptions:read', 'subscriptions:write', 'events:read']
/** Of their own accounts, or actions, only. */
export const KEYS = {
  subscriber: 'console-key-of-a-caller-who-subscribes-to-one',
  narrow: 'console-key-of-a-caller-with-one-account',
  reader: 'console-key-of-a-caller-that-only-reads-links',
}
const CALLERS = [
  {
    name: 'narrow',
    key: KEYS.narrow,
    grants: [{ authorizers: [APP], actions: NARROW_ACTIONS, apis: ['/cgi-bin/user/*'] }],
  },
  { name: 'subscriber', key: KEYS.subscriber, grants: [{ authorizers: [APP], actions: SUBSCRIBER_ACTIONS }] },
  { name: 'reader', key: KEYS.reader, grants: [{ actions: ['console:use', 'sessions:read'] }] },
]

/** CONFIG_FILE has it. It is for no event. */
export const DECLARED = 'declared'
const SUBSCRIPTIONS = [{ platform: 'open1', name: DECLARED, match: { types: [] }, sink: { kind: 'stream' } }]

export type Stage = {
  gateway: Gateway
  openSignIn(t: Test, options?: PageOptions): Promise<Page>
  /** Signed in, at `path` behind `#/open1/`; whatever goes wrong in the page fails the test. */
  open(t: Test, path: string, options?: PageOptions): Promise<Page>
}
export type PageOptions = { key?: string; locale?: 'zh-CN' | 'en-US'; width?: number; colorScheme?: 'light' | 'dark' }

/** A directory for screenshots, to look at them. */
const SCREENSHOTS = process.env['TEST_SCREENSHOTS']
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

export async function startStage(t: Test, browser: Browser): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'wxgw-console-'))
  const configFile = join(folder, 'gateway.yaml')
  await writeFile(configFile, JSON.stringify({ callers: CALLERS, subscriptions: SUBSCRIPTIONS }))
  const gateway = await startGateway({
    env: { CONFIG_FILE: configFile },
    simulator: { authorizationDomains: ['127.0.0.1'] },
  })
  t.teardown(async () => {
    await gateway.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await gateway.simulator.pushTicket()
  await until('it is ready', async () => (await fetch(`${gateway.internalUrl}/readyz`)).ok)

  async function openPage(
    test: Test,
    path: string,
    { locale = 'en-US', width = 1280, colorScheme = 'light' }: PageOptions = {},
  ) {
    const context = await browser.newContext({ locale, colorScheme, viewport: { width, height: 760 } })
    test.teardown(() => context.close())
    const page = await context.newPage()
    page.on('pageerror', (error) => test.fail(error.message))
    page.on('console', (message) => {
      // A refusal is one in the browser's console, too.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) test.fail(message.text())
    })
    await page.goto(`${gateway.internalUrl}/console/#/open1/${path}`)
    return page
  }

  return {
    gateway,
    openSignIn: (test, options) => openPage(test, '', options),
    async open(test, path, { key = API_KEY, ...options } = {}) {
      const page = await openPage(test, path, options)
      await signIn(page, key)
      await page.waitForSelector('.menu', { state: 'attached' })
      return page
    },
  }
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.fill('input[type=password]', key)
  await page.keyboard.press('Enter')
}

/** Of a form: what stands above it is its label, what stands below it is a hint. */
export function fieldOf(page: Page, label: string): Locator {
  const named = page.locator('.field-label', { hasText: new RegExp(`^${label}$`) })
  return page.locator('.field', { has: named }).locator('input, select, textarea')
}

/** No serious finding of axe, nothing wider than the screen or its card, no markup of a stranger that has become some. */
export async function assertSound(t: Test, page: Page, name: string): Promise<void> {
  await page.waitForSelector('.loading', { state: 'detached' })
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `console ${name}.png`), fullPage: true })
  // In the middle of a transition a colour is neither the one nor the other.
  await page.evaluate('for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish()')
  // As the browser's own tools run it: the page's policy would not let it in. It stays while the document does.
  if (!(await page.evaluate(`'axe' in globalThis`))) await page.evaluate(await readFile(AXE, 'utf8'))
  const serious = await page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary].join(' ')))`)
  t.same(serious, [], `${name}: what axe finds`)
  t.equal(
    await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
    true,
    `${name}: nothing is wider than the screen`,
  )
  const tooWide = `[...document.querySelectorAll('.rows')]
    .filter((table) => table.scrollWidth > table.parentElement.clientWidth).map((table) => table.ariaLabel)`
  t.same(await page.evaluate(tooWide), [], `${name}: no table is wider than its card`)
  t.equal(
    await page.evaluate('globalThis.ran === undefined && !document.querySelector(\'[src="x"]\')'),
    true,
    `${name}: texts are texts`,
  )
}
