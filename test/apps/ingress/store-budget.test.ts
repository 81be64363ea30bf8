// A push that asks a silent store several things waits no longer than one that asks it once; what its own process takes does not count.
import { createStoreBudget } from '@wxgw/ingress'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { NOW_MS } from './fake-platform.ts'
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

/** Whether an ask that begins now has the whole time of a command: it then sets no timer of its own. */
function hasAll(within: ReturnType<typeof createStoreBudget>): boolean {
  void within(neverAnswers)
  return !process.getActiveResourcesInfo().includes('Timeout')
}

void t.test('what is asked first has the bound of its own command only', async (t) => {
  const { within, answerAfter } = budgetOf()
  t.equal(await within(answerAfter(1_000)), 'answer')
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
  t.ok(hasAll(within))
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

void t.test('a ticket is queued while it is being kept: a store that is silent for both costs the time of one', async (t) => {
  const gateway = createGateway(t)
  let keep = (_outcome: 'saved') => {}
  const kept = new Promise<'saved'>((resolve) => (keep = resolve))
  Object.assign(gateway.fake.platform.tickets, { saveIfNewer: () => kept })
  const ticket = '<ComponentVerifyTicket>t</ComponentVerifyTicket>'
  const { query, body } = sealPush(componentDocument('component_verify_ticket', NOW_MS / 1000, ticket), NOW_MS / 1000)
  const headers = { 'content-type': 'text/xml' }
  const answer = gateway.publicServer.inject({ method: 'POST', url: `${PREFIX}/event?${queryText(query)}`, headers, payload: body })
  const answered = answer.then(({ body: text }) => text)
  await until('it is queued', () => gateway.fake.callsOf('inbox.componentEvent').length === 1)
  keep('saved')
  t.equal(await answered, 'success')
})
