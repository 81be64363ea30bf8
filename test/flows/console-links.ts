// The links' pages of the console: making one, its QR code, watching it complete, cancelling it; and who may what.
import type { Test } from 'tap'
import { click, confirm } from '../helpers/visitor.ts'
import { assertSound, KEYS, MARKUP, OTHER_APP, type Stage } from './console-stage.ts'

export async function linksStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { simulator } = gateway

  await story.test('a link is made, and its page shows at once that it is complete', async (t) => {
    const page = await open(t, 'links')
    await page.getByRole('link', { name: 'New link' }).click()
    await page.getByLabel('Reference').fill(MARKUP)
    await page.getByLabel('Required permission sets').fill('1|2|9')
    await page.getByLabel('Tags').fill(`shop=${MARKUP}`)
    await page.getByRole('button', { name: 'New link' }).click()
    const address = page.getByLabel('Link', { exact: true })
    await address.waitFor()
    t.equal(await page.textContent('h1'), MARKUP)
    const url = await address.inputValue()
    t.ok(url.startsWith(`${gateway.publicUrl}/apis/v1/wx/open1/a/`))
    t.ok(await page.getByRole('img', { name: 'QR code of this link' }).isVisible())
    await page.getByText('Live: updated').waitFor()
    await assertSound(t, page, 'an open link')

    const { appId } = simulator.addAccount({ funcInfo: [1, 2] })
    await fetch(await confirm(await click(url), appId))
    await page.waitForSelector('.notice-good')
    t.match(await page.textContent('main'), appId)
    await assertSound(t, page, 'a completed link')
    await page.reload()
    await page.waitForSelector('.notice-good')
  })

  await story.test('what is wrong is said while it is typed, and nothing is sent', async (t) => {
    const page = await open(t, 'links/new', { locale: 'zh-CN', width: 375 })
    const wrongs: Array<[label: string, text: string]> = [
      ['备注名', 'x'.repeat(129)],
      ['只允许这个账号', 'wx1'],
      ['需要的权限集', '1,2'],
      ['授权后跳转到', 'app.example'],
      ['标签', 'a=1\na=2'],
    ]
    for (const [label, text] of wrongs) await page.getByLabel(label).fill(text)
    t.equal(await page.locator('.field-error').count(), wrongs.length)
    await page.getByRole('button', { name: '新建链接' }).click()
    t.match(page.url(), /links\/new$/)
    await assertSound(t, page, 'a wrong form')
  })

  await story.test('a link is found by its reference, its address shown again, and cancelled', async (t) => {
    const { body } = await gateway.call('POST', '/authorization-sessions', { reference: 'customer 7' })
    const page = await open(t, 'links', { width: 375 })
    await page.getByLabel('Reference').fill('customer 7')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'customer 7' }).click()
    t.equal(await page.getByLabel('Link', { exact: true }).inputValue(), body.url)
    await page.getByRole('button', { name: 'Cancel link' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.locator('.badge', { hasText: 'Cancelled' }).waitFor()
    t.equal((await fetch(String(body.url))).status, 410)
    await assertSound(t, page, 'a cancelled link')
  })

  await story.test("an account's page leads to a link for its owner", async (t) => {
    simulator.addAccount({ appId: OTHER_APP, nickName: MARKUP })
    await simulator.authorize(OTHER_APP)
    const page = await open(t, `accounts/${OTHER_APP}`)
    await page.getByRole('link', { name: 'New authorization link' }).click()
    t.equal(await page.getByLabel('Only this account').inputValue(), OTHER_APP)
    await page.getByRole('button', { name: 'New link' }).click()
    await page.getByLabel('Link', { exact: true }).waitFor()
    t.match(await page.textContent('main'), OTHER_APP)
  })

  await story.test('who only reads links makes none; who has one account needs it', async (t) => {
    const reader = await open(t, 'links', { key: KEYS.reader })
    await reader.waitForSelector('h1')
    t.equal(await reader.getByRole('link', { name: 'New link' }).count(), 0)
    t.equal(await reader.locator('.menu a[href$="/events"]').count(), 0)
    const narrow = await open(t, 'links/new', { key: KEYS.narrow })
    await narrow.getByLabel('Reference').fill('r')
    await narrow.getByRole('button', { name: 'New link' }).click()
    await narrow.getByText('Your rights are limited').waitFor()
    await narrow.getByLabel('Only this account').fill(OTHER_APP)
    await narrow.getByRole('button', { name: 'New link' }).click()
    await narrow.getByText('FORBIDDEN').waitFor()
  })
}
