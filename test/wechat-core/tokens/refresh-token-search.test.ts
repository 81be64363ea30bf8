// The last rung of the recovery: one walk through WeChat's list for all who wait, however they come and go.
import {
  type AuthorizerAppId,
  type AuthorizerListPage,
  createRefreshTokenSearch,
  parseAuthorizerAppId,
  Secret,
} from '@wxgw/wechat-core'
import t from 'tap'
import { until } from '../../helpers/until.ts'

function appIdOf(number: number): AuthorizerAppId {
  const appId = parseAuthorizerAppId(`wx${number.toString(16).padStart(16, '0')}`)
  if (!appId) throw new Error('not an appid')
  return appId
}

function entry(number: number): AuthorizerListPage['items'][number] {
  return { authorizerAppId: appIdOf(number), refreshToken: new Secret(`refresh-${number}`), authTimeSeconds: 1 }
}

const never = new AbortController().signal

/** WeChat's list of accounts 0 to `size - 1`. Each page is asked for by `asked`, and answered when the test says so. */
function list(size: number) {
  const entries = Array.from({ length: size }, (_, number) => entry(number))
  const open: Array<{ offset: number; answer(): void; refuse(error: Error): void }> = []
  const offsets: number[] = []
  let isFree = true
  const search = createRefreshTokenSearch({
    componentTokens: { withToken: (call) => call(new Secret('component')) },
    api: {
      getAuthorizerList: (_token, { offset, count }) =>
        new Promise<AuthorizerListPage>((resolve, refuse) => {
          offsets.push(offset)
          const answer = () => resolve({ totalCount: entries.length, items: entries.slice(offset, offset + count) })
          if (isFree) answer()
          else open.push({ offset, answer, refuse })
        }),
    },
  })
  return {
    entries,
    offsets,
    find: (number: number, signal = never) => search.find(appIdOf(number), signal).then((found) => found?.reveal()),
    hold: () => {
      isFree = false
    },
    letGo: () => {
      isFree = true
      for (const { answer } of open.splice(0)) answer()
    },
    /** The page that is asked for now. */
    next: async () => until('a page is asked for', () => open.shift()),
  }
}

void t.test('a thousand who ask at once share one walk, one page after the other', async (t) => {
  const { find, offsets } = list(1_200)
  const found = await Promise.all(Array.from({ length: 1_200 }, (_, number) => find(number)))
  t.ok(found.every((token, number) => token === `refresh-${number}`))
  t.same(offsets, [0, 500, 1000])
})

void t.test('the walk ends with the last one who waits', async (t) => {
  const { find, offsets } = list(5_000)
  t.equal(await find(600), 'refresh-600')
  t.same(offsets, [0, 500])
})

void t.test('who is not in the list, or stands there without one, has none', async (t) => {
  const { find, entries, offsets } = list(600)
  entries[3] = { ...entry(3), refreshToken: undefined }
  t.same(await Promise.all([find(3), find(9_999)]), [undefined, undefined])
  t.same(offsets, [0, 500])
})

void t.test('a caller during a page fetch is served by later pages and the next walk, not by it', async (t) => {
  const { find, hold, next, letGo, offsets } = list(1_200)
  hold()
  const first = find(1_100)
  const page = await next()
  const passed = find(7)
  const ahead = find(700)
  page.answer()
  letGo()
  t.same(await Promise.all([first, ahead]), ['refresh-1100', 'refresh-700'])
  t.same(offsets, [0, 500, 1000], 'the one ahead cost nothing')
  t.equal(await passed, 'refresh-7')
  t.same(offsets, [0, 500, 1000, 0])
})

void t.test('a failure is everybody’s, and the next walk is not begun at once', async (t) => {
  const { find, hold, next, letGo } = list(10)
  hold()
  const startedAtMs = performance.now()
  const both = Promise.allSettled([find(1), find(2)])
  const page = await next()
  page.refuse(new Error('refused'))
  t.match(await both, [{ reason: { message: 'refused' } }, { reason: { message: 'refused' } }])
  letGo()
  t.equal(await find(1), 'refresh-1')
  t.ok(performance.now() - startedAtMs >= 1_900)
})

void t.test('what comes after its asker has gone is there when he asks again', async (t) => {
  const { find, hold, next, letGo, offsets } = list(10)
  hold()
  const patience = new AbortController()
  const impatient = find(5, patience.signal)
  const page = await next()
  patience.abort()
  await t.rejects(impatient, { code: 'WECHAT_API_TIMEOUT' })
  page.answer()
  letGo()
  t.equal(await find(5), 'refresh-5')
  t.same(offsets, [0])
})

void t.test('an account that leaves the list during the walk hides none behind it', async (t) => {
  const { find, entries, hold, next, letGo } = list(1_200)
  hold()
  const found = find(500)
  const page = await next()
  page.answer()
  const second = await next()
  entries.splice(2, 1)
  second.answer()
  letGo()
  t.equal(await found, 'refresh-500')
})
