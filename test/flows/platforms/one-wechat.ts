// Owns: two platforms whose calls go to one WeChat: the same account authorizes both, and nothing of one is ever the other's. Callers
// see what CONFIG_FILE grants them.
import type { Test } from 'tap'
import { scrape, sumOf } from '../../helpers/prometheus.ts'
import { nowSeconds } from '../../helpers/push-text.ts'
import { until } from '../../helpers/until.ts'
import { CRM_APP as APP, keyOf, type Stage } from './stage.ts'

const OTHER = 'wx00000000000000bb'
const PLATFORMS = ['one', 'two'] as const

export async function oneWechat(story: Test, { gateway, redis, simulators: { one, two } }: Stage): Promise<void> {
  const simulators = [one, two]
  const call = (caller: string | undefined, path: string) => {
    const slash = path.indexOf('/')
    return gateway.callOn(path.slice(0, slash), caller && keyOf(caller))('GET', path.slice(slash))
  }

  for (const [index, simulator] of simulators.entries()) {
    await simulator.pushTicket()
    simulator.addAccount({ appId: APP, userName: `gh_aa${index}`, nickName: `of ${PLATFORMS[index]}` })
    simulator.addAccount({ appId: OTHER, userName: `gh_bb${index}` })
    await simulator.authorize(APP)
    await simulator.authorize(OTHER)
  }
  await until('both have both', async () => {
    const answers = await Promise.all(
      PLATFORMS.flatMap((id) => [APP, OTHER].map((appId) => call(undefined, `${id}/authorizers/${appId}`))),
    )
    return answers.every(({ body }) => body.nick_name)
  })

  await story.test('the same account has its own token, profile and refresh on each', async (t) => {
    for (const [index, simulator] of simulators.entries()) {
      const id = PLATFORMS[index]
      const { body } = await call(undefined, `${id}/access_token/${APP}`)
      t.ok(simulator.isCurrentAccessToken(APP, String(body.token)), `the token of ${id}`)
      t.equal(await redis.get(`wx:{${id}}:access_token:${APP}`), body.token)
      t.equal((await call(undefined, `${id}/authorizers/${APP}`)).body.nick_name, `of ${id}`)
      t.ok(
        simulator.isCurrentComponentToken(String((await call(undefined, `${id}/component_access_token`)).body.token)),
      )
    }
    const before = await call(undefined, `one/access_token/${APP}`)
    const forced = await call(undefined, `two/access_token/${APP}?force=true`)
    t.ok(two.isCurrentAccessToken(APP, String(forced.body.token)))
    t.equal(
      (await call(undefined, `one/access_token/${APP}`)).body.token,
      before.body.token,
      'a refresh of one is none of the other',
    )
  })

  await story.test('revoked on one, it goes on on the other', async (t) => {
    await two.unauthorize(OTHER, { createTimeSeconds: nowSeconds() + 1 })
    await until('it is revoked there', async () => (await call(undefined, `two/access_token/${OTHER}`)).status === 410)
    t.equal((await call(undefined, `one/access_token/${OTHER}`)).status, 200)
  })

  await story.test('a caller has what it is granted, and an ungranted thing looks like none', async (t) => {
    for (const [caller, path, status] of [
      ['crm', `one/access_token/${APP}`, 200],
      ['crm', `one/access_token/${APP}?force=true`, 403],
      ['crm', `one/access_token/${OTHER}`, 403],
      ['crm', 'one/access_token/wx00000000000000ff', 403],
      ['crm', `two/access_token/${APP}`, 403],
      // It is narrowed to authorizers.
      ['crm', 'one/component_access_token', 403],
      ['force', `two/access_token/${APP}?force=true`, 200],
      ['force', 'two/component_access_token', 200],
      ['force', 'two/authorizers', 403],
      ['nobody', `one/access_token/${APP}`, 401],
    ] as const) {
      t.equal((await call(caller, path)).status, status, `${caller}: ${path}`)
    }
    t.strictSame(
      (await call('crm', 'one/authorizers')).body.items?.map(({ appid }) => appid),
      [APP],
    )
  })

  await story.test('the metrics of the workers have each platform by itself', async (t) => {
    const gathered = async () => (await scrape(gateway.workers.map(({ url }) => url))).series
    for (const platform of PLATFORMS) {
      const series = await until(`${platform} is gathered`, async () => {
        const found = await gathered()
        return sumOf(found, 'wxgw_authorizers', { platform }) >= 2 ? found : undefined
      })
      const names = new Set(series.filter(({ labels }) => labels['platform'] === platform).map(({ name }) => name))
      for (const name of ['wxgw_ticket_age_seconds', 'wxgw_authorizers_due', 'wxgw_token_refreshes_total'])
        t.ok(names.has(name), `${name} of ${platform}`)
    }
  })
}
