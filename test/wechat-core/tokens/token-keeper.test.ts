// One token, read and refreshed by several processes over one store: WeChat is asked as seldom as possible, and what is served works.
import {
  COMPONENT_SUBJECT,
  componentTicketMissing,
  createTokenKeeper,
  describeFailure,
  failureError,
  GatewayError,
  Secret,
  WeChatApiError,
  WeChatTransportError,
} from '@wxgw/wechat-core'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { createMemoryComponentTokens } from '../../memory-stores/component-tokens.ts'
import { settableClock } from '../../memory-stores/settable-clock.ts'
import { gate, LEASE_MS, nextTurn } from './authority.ts'

const LIFE_SECONDS = 7200
const FORCE_MIN_INTERVAL_MS = 60_000

type Call = () => Promise<unknown>

/** Processes over one store. WeChat answers with `token <number of the call>`, unless `calls` says what else happens to it. */
function keepers() {
  const clock = settableClock()
  const store = createMemoryComponentTokens({ clock })
  const calls: Call[] = []
  const outcomes: string[] = []
  let asked = 0
  let lifetimeSeconds = LIFE_SECONDS
  const open = () =>
    createTokenKeeper<typeof COMPONENT_SUBJECT, unknown>({
      store,
      describeFailure,
      failureError,
      forceMinIntervalMs: FORCE_MIN_INTERVAL_MS,
      onOutcome: (_subject, outcome) => outcomes.push(outcome),
      async refresh({ owner, fence }) {
        asked += 1
        const token = new Secret(`token ${asked}`)
        await calls.shift()?.()
        return store.commit({ owner, fence, token, lifetimeSeconds, elapsedMs: 0, dueInMs: 1000 })
      },
    })
  const [a, b] = [open(), open()]
  return {
    clock,
    store,
    outcomes,
    a,
    b,
    asked: () => asked,
    /** What happens to the next calls, in their order. */
    plan: (...planned: Call[]) => calls.push(...planned),
    issueFor: (seconds: number) => {
      lifetimeSeconds = seconds
    },
    async get(keeper = a, options?: { force?: boolean }) {
      await nextTurn()
      return (await keeper.get(COMPONENT_SUBJECT, options)).token.reveal()
    },
  }
}

const fail = (error: Error) => () => Promise.reject(error)
const down = () => new WeChatTransportError('WECHAT_API_ERROR', 'api_x', 'out of reach')

void t.test('who peeks shares a look for a moment, but never one from before a refresh or a report', async (t) => {
  const { a, clock, get } = keepers()
  const peek = async () => {
    await nextTurn()
    return (await a.peek(COMPONENT_SUBJECT))?.token.reveal()
  }
  t.equal(await peek(), undefined, 'there is none, and none is fetched')
  await get()
  t.equal(await peek(), 'token 1')
  clock.pass(FORCE_MIN_INTERVAL_MS)
  await nextTurn()
  await a.reportInvalid(COMPONENT_SUBJECT, new Secret('token 1'))
  t.equal(await peek(), 'token 2')
})

void t.test('a thousand readers at two processes ask WeChat once', async (t) => {
  const { a, b, get, asked } = keepers()
  const read = await Promise.all(Array.from({ length: 1000 }, (_, index) => get(index % 2 ? a : b)))
  t.strictSame([...new Set(read)], ['token 1'])
  t.equal(asked(), 1)
  t.equal(await get(), 'token 1', 'a fresh one is served without WeChat')
  t.equal(asked(), 1)
})

void t.test('a thousand forced refreshes ask once, and so do those of the time after', async (t) => {
  const { a, b, clock, get, asked } = keepers()
  await get()
  clock.pass(FORCE_MIN_INTERVAL_MS)
  const forced = await Promise.all(Array.from({ length: 1000 }, (_, index) => get(index % 2 ? a : b, { force: true })))
  t.strictSame([...new Set(forced)], ['token 2'])
  clock.pass(FORCE_MIN_INTERVAL_MS - 1)
  t.equal(await get(b, { force: true }), 'token 2')
  clock.pass(1)
  t.equal(await get(b, { force: true }), 'token 3')
  t.equal(asked(), 3)
})

void t.test('a token is replaced when a minute is left, or a tenth of its life if that is less', async (t) => {
  const { clock, get, issueFor } = keepers()
  await get()
  clock.pass((LIFE_SECONDS - 60) * 1000 - 1)
  t.equal(await get(), 'token 1')
  clock.pass(1)
  issueFor(100)
  t.equal(await get(), 'token 2')
  clock.pass(89_999)
  t.equal(await get(), 'token 2')
  clock.pass(1)
  t.equal(await get(), 'token 3')
})

void t.test('a refused token is replaced while it is current, one report for all callers', async (t) => {
  const { a, b, clock, get, asked } = keepers()
  const first = new Secret(await get())
  clock.pass(FORCE_MIN_INTERVAL_MS)
  await nextTurn()
  const reports = await Promise.all([a, b, a, b].map((keeper) => keeper.reportInvalid(COMPONENT_SUBJECT, first)))
  t.strictSame([...new Set(reports.map(({ token }) => token.reveal()))], ['token 2'])
  clock.pass(FORCE_MIN_INTERVAL_MS)
  await nextTurn()
  t.equal((await a.reportInvalid(COMPONENT_SUBJECT, first)).token.reveal(), 'token 2', 'an old token is no reason')
  t.equal(asked(), 2)
})

void t.test('the schedule refreshes a token that is still fresh', async (t) => {
  const { a, get } = keepers()
  await get()
  await nextTurn()
  t.equal((await a.refreshNow(COMPONENT_SUBJECT)).token.reveal(), 'token 2')
})

void t.test('while WeChat is out of reach a valid token is served, and one that is over is the error', async (t) => {
  const { clock, get, plan } = keepers()
  await get()
  clock.pass((LIFE_SECONDS - 30) * 1000)
  plan(fail(down()), fail(down()), fail(down()))
  t.equal(await get(), 'token 1')
  clock.pass(1_000)
  await t.rejects(get(undefined, { force: true }), { code: 'WECHAT_API_ERROR' }, 'whoever insists hears of it')
  clock.pass(30_000)
  await t.rejects(get(), { code: 'WECHAT_API_ERROR' })
})

void t.test('a failure is everybody’s for a second, and then WeChat is asked again', async (t) => {
  const { a, b, clock, get, asked, plan } = keepers()
  plan(fail(new WeChatApiError('api_x', { errcode: 45009, errmsg: 'quota' })))
  const read = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => get(index % 2 ? a : b)))
  t.ok(read.every((one) => one.status === 'rejected' && one.reason.errcode === 45009 && one.reason.errmsg === 'quota'))
  clock.pass(999)
  await t.rejects(get(b), { code: 'WECHAT_API_ERROR', errcode: 45009 })
  t.equal(asked(), 1)
  clock.pass(1)
  t.equal(await get(b), 'token 2')
})

void t.test('a missing ticket is nobody’s failure a moment later', async (t) => {
  const { get, plan } = keepers()
  plan(fail(componentTicketMissing()))
  await t.rejects(get(), { code: 'COMPONENT_TICKET_MISSING' })
  t.equal(await get(), 'token 2')
})

void t.test('a store that is away fails the refresh before WeChat is asked', async (t) => {
  const { a, store, asked } = keepers()
  store.claim = async () => {
    throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
  }
  await t.rejects(a.refreshNow(COMPONENT_SUBJECT), { code: 'STORE_UNAVAILABLE' })
  t.equal(asked(), 0)
})

void t.test('who waits for another process’ refresh is given its token', async (t) => {
  const { a, b, get, asked, plan } = keepers()
  const answer = gate()
  plan(() => answer.opened)
  const reads = [get(a), get(b)]
  await until('one of them has asked', () => asked() === 1)
  answer.open()
  t.strictSame(await Promise.all(reads), ['token 1', 'token 1'])
  t.equal(asked(), 1)
})

void t.test('a stalled process blocks others for its lease at most; a third call settles its answer', async (t) => {
  const { a, b, clock, store, outcomes, get, asked, plan } = keepers()
  const answer = gate()
  plan(() => answer.opened)
  const late = get(a)
  await until('it has asked', () => asked() === 1)
  const other = get(b)
  clock.pass(LEASE_MS)
  t.equal(await other, 'token 2')
  answer.open()
  t.equal(await late, 'token 3', 'nobody knows which of the two WeChat served last')
  t.equal((await store.read(COMPONENT_SUBJECT)).stored?.token.reveal(), 'token 3')
  t.strictSame(outcomes, ['refreshed', 'superseded', 'refreshed'])
})

void t.test('when every answer comes after the lease, the caller is told after the fourth', async (t) => {
  const { clock, get, asked, plan } = keepers()
  const tooLate = async () => clock.pass(LEASE_MS)
  plan(tooLate, tooLate, tooLate, tooLate)
  await t.rejects(get(), { code: 'WECHAT_API_TIMEOUT' })
  t.equal(asked(), 4)
})

void t.test('a token that was over when it came is an error, not a token', async (t) => {
  const { get, issueFor } = keepers()
  issueFor(0)
  await t.rejects(get(), { code: 'WECHAT_API_ERROR' })
})
