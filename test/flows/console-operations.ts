// The pages of operators: what is wrong now and what to do, the diagnosis, the audit log; who gets them, and how a session ends.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { API_KEY } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { assertSound, KEYS, MARKUP, OTHER_APP, signIn, type Stage } from './console-stage.ts'

/** Asks as the page does, with the session's cookie; without a token, as another page would. */
function statusOf(page: Page, path: string, { withToken = true } = {}): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const { csrfToken } = await (await fetch('/console/session')).json()
    const headers = ${withToken} ? { 'x-csrf-token': csrfToken } : {}
    return (await fetch('${path}', { headers })).status
  })()`)
}

export async function operationsStory(story: Test, { gateway, open }: Stage): Promise<void> {
  const { simulator, call, component, env } = gateway

  await story.test('the overview says what is wrong, each with its next step as a link', async (t) => {
    const hook = await startHook(t, () => ({ status: 500, body: MARKUP }))
    simulator.addAccount({ appId: OTHER_APP, nickName: MARKUP })
    await simulator.authorize(OTHER_APP)
    await call('PUT', '/subscriptions/broken', {
      sink: { kind: 'webhook', url: hook.url },
      retry: { scheduleSeconds: [] },
    })
    for (let index = 0; index < 6; index += 1)
      await simulator.sendText(OTHER_APP, { openId: 'o1', content: `${MARKUP} ${index}` })
    await until(
      'a delivery is dead',
      async () => ((await call('GET', '/subscriptions/broken/dead-letters')).body.items ?? []).length > 0,
    )
    await fetch(
      `${gateway.publicUrl}/apis/v1/wx/open1/event?signature=x&timestamp=1&nonce=${encodeURIComponent(MARKUP)}`,
      { method: 'POST', body: MARKUP },
    )

    const page = await open(t, 'overview', { locale: 'zh-CN', width: 375 })
    const next = (text: string) => page.locator('.problem', { hasText: text }).getByRole('link')
    await next('订阅 broken 有').waitFor()
    t.equal(await next('订阅 broken 有').getAttribute('href'), '#/open1/dead-letters/broken')
    t.equal(await next('订阅 broken 投递失败').getAttribute('href'), '#/open1/subscriptions/broken')
    t.equal(await next('Redis 持久化').getAttribute('href'), '#/open1/diagnosis')
    await page.locator('.chart canvas').waitFor()
    await assertSound(t, page, 'the overview with something wrong')
    await call('DELETE', '/subscriptions/broken')
  })

  await story.test('the diagnosis says what to do, plays no check of its own, and shows no secret', async (t) => {
    const page = await open(t, 'diagnosis', { locale: 'zh-CN' })
    await page.getByText('设置 appendonly yes 与 appendfsync always').waitFor()
    await page.getByText('项正常').click()
    await page.getByText('1 个工作进程在运行').waitFor()
    await page.getByText('npm run wxgw -- release-check').waitFor()
    const text = await page.evaluate<string>('document.body.textContent')
    const secrets = [
      API_KEY,
      component.appSecret,
      component.token,
      component.encodingAesKey,
      env['SEALING_KEYS']?.split(':')[1] ?? '',
    ]
    t.same(
      secrets.filter((secret) => secret === '' || text.includes(secret)),
      [],
    )
    t.match(text, component.appId)
    await assertSound(t, page, 'the diagnosis')
  })

  await story.test('the audit log is searched, and what callers have sent is text', async (t) => {
    const named = encodeURIComponent(MARKUP)
    for (const path of [`/authorizers/${named}/refresh`, `/subscriptions/${named}/test`, '/subscriptions/nobody/test'])
      await call('POST', path)
    await until('it is noted', async () => {
      const answer = await fetch(`${gateway.internalUrl}/audit?action=subscriptions:write`, { headers: gateway.auth })
      return (await answer.text()).includes('nobody')
    })
    const page = await open(t, `audit?authorizer=${named}`, { width: 375 })
    await page.getByLabel('Account (appid)').waitFor()
    await assertSound(t, page, 'the audit log, found by markup')
    await page.getByLabel('Account (appid)').fill('')
    await page.getByLabel('Action').fill('subscriptions:write')
    await page.keyboard.press('Enter')
    await page.getByText('nobody').first().waitFor()
    await assertSound(t, page, 'the audit log')
  })

  await story.test('who has one account is shown no page of all, and refused if he asks', async (t) => {
    const page = await open(t, 'audit', { key: KEYS.narrow })
    await page.getByText('There is no such page').waitFor()
    t.same(await page.locator('.menu a[href$="/audit"], .menu a[href$="/diagnosis"]').count(), 0)
    for (const path of [
      '/audit',
      '/diagnosis',
      '/api-calls',
      '/apis/v1/wx/open1/statistics',
      '/apis/v1/wx/open1/refused-pushes',
    ]) {
      t.equal(await statusOf(page, path), 403, path)
    }
    t.equal(await statusOf(page, '/catalogue'), 200)
  })

  await story.test('no session is given a token or a ticket, and nothing without its CSRF token', async (t) => {
    const page = await open(t, 'overview')
    const prefix = '/apis/v1/wx/open1'
    for (const path of [
      `access_token/${OTHER_APP}`,
      'component_access_token',
      `proxy_token/${OTHER_APP}`,
      `ticket/${OTHER_APP}`,
      'mpinfo',
    ]) {
      t.equal(await statusOf(page, `${prefix}/${path}`), 403, path)
    }
    t.equal(await statusOf(page, '/diagnosis'), 200)
    t.equal(await statusOf(page, '/diagnosis', { withToken: false }), 403)
  })

  await story.test('a session that has ended leads to the sign-in, and back to where one was', async (t) => {
    const page = await open(t, 'accounts', { locale: 'zh-CN' })
    await page.evaluate(`fetch('/console/session').then((answer) => answer.json())
      .then(({ csrfToken }) => fetch('/console/session', { method: 'DELETE', headers: { 'x-csrf-token': csrfToken } }))`)
    await page.evaluate(`location.hash = '#/open1/diagnosis'`)
    await page.getByText('会话已过期').waitFor()
    t.equal(await page.locator('.menu').count(), 0, 'nothing that was loaded is left')
    await assertSound(t, page, 'an expired session')
    await signIn(page, API_KEY)
    await page.getByRole('heading', { name: '诊断' }).waitFor()
  })
}
