// A push that asks a silent store several things waits no longer than one that asks it once; what its own process takes does not count.
import { createStoreBudget } from '@wxgw/ingress'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { NOW_MS } from './samples.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { componentDocument, queryText, sealPush } from './sealed-push.ts'

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', retry: true }
const neverAnswers = () => new Promise<never>(() => undefined)

/** Of a push that arrived at NOW_MS, by a clock that only the test moves. */
function budgetOf() {
  let nowMs = NOW_MS
  return {
    within: createStoreBudget({ nowMs: () => nowMs }, NOW_MS),
    pass: (ms: number) => void (nowMs += ms),
    answerAfter: (ms: number) => async () => {
      nowMs += ms
      return 'answer'
    },
  }
}

/** How long an ask that begins now may take: the timer that it sets is read, not waited for. */
async function leftMs(t: Test, within: ReturnType<typeof createStoreBudget>): Promise<number | undefined> {
  const timers = t.capture(globalThis, 'setTimeout', setTimeout)
  const asked = within(async () => 'answer')
  const [call] = timers()
  timers.restore()
  await asked
  return Number(call?.args[1])
}

void t.test('an ask of several commands has no longer than the whole, however many there are', async (t) => {
  const { within } = budgetOf()
  t.equal(await leftMs(t, within), 1_200)
  await t.rejects(within(neverAnswers), UNAVAILABLE)
})

void t.test('after an ask that took a second, the next one has what is left', async (t) => {
  const { within, answerAfter } = budgetOf()
  await within(answerAfter(1_000))
  await t.rejects(within(neverAnswers), UNAVAILABLE)
})

void t.test('what the process itself takes, before an ask or between two, is not taken from the store', async (t) => {
  const { within, answerAfter, pass } = budgetOf()
  pass(1_500)
  await within(answerAfter(100))
  pass(1_500)
  t.equal(await leftMs(t, within), 1_100)
})

void t.test('a push that its sender is about to give up has a moment, and no more', async (t) => {
  const { within, answerAfter, pass } = budgetOf()
  pass(60_000)
  t.equal(await within(answerAfter(0)), 'answer')
  await t.rejects(within(neverAnswers), UNAVAILABLE)
})

void t.test('an answer in time leaves no timer and no late rejection behind', async (t) => {
  const { within, answerAfter } = budgetOf()
  await within(answerAfter(1_150))
  t.equal(await within(answerAfter(0)), 'answer')
  t.notOk(process.getActiveResourcesInfo().includes('Timeout'))
})

void t.test('a clock that was set back gives no more than the whole', async (t) => {
  const { within, answerAfter } = budgetOf()
  await within(answerAfter(1_000))
  await within(answerAfter(-3_600_000))
  await t.rejects(within(neverAnswers), UNAVAILABLE)
})

function ticketPush() {
  const ticket = '<ComponentVerifyTicket>t</ComponentVerifyTicket>'
  const { query, body } = sealPush(componentDocument('component_verify_ticket', NOW_MS / 1000, ticket), NOW_MS / 1000)
  const headers = { 'content-type': 'text/xml' }
  return { method: 'POST' as const, url: `${PREFIX}/event?${queryText(query)}`, headers, payload: body }
}

void t.test('a ticket is kept and queued at once: a store silent for both costs one time-out', async (t) => {
  const gateway = createGateway(t)
  let keep = (_outcome: 'saved') => {}
  const kept = new Promise<'saved'>((resolve) => (keep = resolve))
  Object.assign(gateway.fake.platform.tickets, { saveIfNewer: () => kept })
  const answer = gateway.publicServer.inject(ticketPush())
  const answered = answer.then(({ body: text }) => text)
  await until('it is queued', () => gateway.fake.pushes('component-event').length === 1)
  keep('saved')
  t.equal(await answered, 'success')
})

void t.test('a ticket that is queued is acknowledged although it cannot be kept in time', async (t) => {
  const gateway = createGateway(t)
  Object.assign(gateway.fake.platform.tickets, { saveIfNewer: neverAnswers })
  t.equal((await gateway.publicServer.inject(ticketPush())).body, 'success')
})
