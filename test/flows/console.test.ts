// The console in a real browser: signing in, every page in both languages, on a phone, and for those who cannot see it well.
// What is done on a page stands in a story of its own.
import t from 'tap'
import { startBrowser } from '../helpers/browser.ts'
import { selection } from '../helpers/selection.ts'
import { callsStory } from './console-calls.ts'
import { deadLettersStory } from './console-dead-letters.ts'
import { eventsStory } from './console-events.ts'
import { linksStory } from './console-links.ts'
import { operationsStory } from './console-operations.ts'
import { subscriptionsStory } from './console-subscriptions.ts'
import { tasksStory } from './console-tasks.ts'
import { assertSound, signIn, startStage } from './console-stage.ts'

const PAGES = [
  'overview',
  'accounts',
  'links',
  'events',
  'subscriptions',
  'dead-letters',
  'calls',
  'diagnosis',
  'audit',
]

void t.test('the console in a browser', async (t) => {
  const browser = await startBrowser(t)
  if (!browser) return
  const stage = await startStage(t, browser)

  await t.test('a wrong key is refused', async (t) => {
    const page = await stage.openSignIn(t, { locale: 'zh-CN', width: 375 })
    await signIn(page, 'x'.repeat(40))
    await page.waitForSelector('.field-error')
    await assertSound(t, page, 'sign-in')
  })

  for (const locale of ['zh-CN', 'en-US'] as const) {
    await t.test(`every page, ${locale}, as wide as a phone`, async (t) => {
      const page = await stage.open(t, 'overview', { locale, width: 375 })
      for (const name of PAGES) {
        await page.evaluate(`location.hash = '#/open1/${name}'`)
        await page.waitForSelector(`.menu a[aria-current][href$="/${name}"]`, { state: 'attached' })
        await page.waitForSelector('h1')
        await assertSound(t, page, name)
      }
    })
  }

  await t.test('authorization links', (t) => linksStory(t, stage))
  await t.test('events', (t) => eventsStory(t, stage))
  await t.test('operations', (t) => operationsStory(t, stage))
  await t.test('subscriptions', (t) => subscriptionsStory(t, stage))
  await t.test('what each reader comes for', (t) => tasksStory(t, stage))
  const others = { 'calls of WeChat': callsStory, 'dead letters and replays': deadLettersStory }
  for (const [name, story] of selection(Object.entries(others), { step: 2 })) await t.test(name, (t) => story(t, stage))
})
