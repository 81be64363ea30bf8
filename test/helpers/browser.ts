// Owns: a real headless Chromium for a test, and what becomes of the test where there is none.
import { access } from 'node:fs/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

/** Where Debian puts it; `npm test` installs it where it may. */
const CHROMIUM = '/usr/bin/chromium'
/** Nothing of it goes out by itself. Its profile is new and empty each time, and thrown away. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** undefined where there is none: the test is skipped then, or fails when CI is set. */
export async function startBrowser(t: Test): Promise<Browser | undefined> {
  if (!(await isThere(CHROMIUM))) {
    if (process.env['CI']) t.fail(`${CHROMIUM} is missing: apt-get install chromium fonts-wqy-microhei`)
    else t.pass('the pages in Chromium', { skip: `no ${CHROMIUM}: apt-get install chromium fonts-wqy-microhei` })
    return undefined
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS })
  t.teardown(() => browser.close())
  return browser
}

/** JavaScript for the page: the compiler knows no document. */
const LEAST_CONTRAST = `(() => {
  const channels = (color) => (color.match(/[0-9.]+/g) ?? []).map(Number)
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at)
      if ((channels(backgroundColor)[3] ?? 1) === 1) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const hasText = (element) => [...element.childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent.trim())
  const contrasts = [...document.querySelectorAll('main *')].filter(hasText).map((element) => {
    const pair = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))]
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)
  })
  return Math.min(...contrasts)
})()`

/** Between a text and what is behind it, the least one of the page, as WCAG defines it. */
export function leastContrast(page: Page): Promise<number> {
  return page.evaluate<number>(LEAST_CONTRAST)
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
