// A push that asks a silent store several things waits no longer than one that asks it once.
import { inboxWithinStoreBudget, withinStoreBudget } from '@wxgw/ingress'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { createFakePlatform, NOW_MS } from './fake-platform.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { componentDocument, queryText, sealPush } from './sealed-push.ts'

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', retry: true }
const neverAnswers = () => new Promise<never>(() => undefined)
const event = { eventId: 'e', plaintext: '<xml/>', receivedAtMs: NOW_MS, made: 'ordered' as const }

void t.test('what is asked first has the bound of its own command only', async (t) => {
  t.equal(await withinStoreBudget({ receivedAtMs: NOW_MS, nowMs: NOW_MS }, async () => 'answer'), 'answer')
})

void t.test('after a question that took a second, the next one has what is left', async (t) => {
  const startedAt = performance.now()
  await t.rejects(withinStoreBudget({ receivedAtMs: NOW_MS, nowMs: NOW_MS + 1_000 }, neverAnswers), UNAVAILABLE)
  const ms = performance.now() - startedAt
  t.ok(ms >= 190 && ms < 1_000, `${ms} ms`)
})

void t.test('a push that was kept waiting by its own process is given a moment, and no more', async (t) => {
  const late = { receivedAtMs: NOW_MS, nowMs: NOW_MS + 5_000 }
  t.equal(await withinStoreBudget(late, async () => 'answer'), 'answer')
  const startedAt = performance.now()
  await t.rejects(withinStoreBudget(late, neverAnswers), UNAVAILABLE)
  const ms = performance.now() - startedAt
  t.ok(ms >= 90 && ms < 1_000, `${ms} ms`)
})

void t.test('an answer in time leaves no timer and no late rejection behind', async (t) => {
  t.equal(await withinStoreBudget({ receivedAtMs: NOW_MS, nowMs: NOW_MS + 1_150 }, async () => 'answer'), 'answer')
  t.notOk(process.getActiveResourcesInfo().includes('Timeout'))
})

void t.test('a clock that was set back gives no more than the whole', async (t) => {
  t.equal(await withinStoreBudget({ receivedAtMs: NOW_MS, nowMs: NOW_MS - 3_600_000 }, async () => 'answer'), 'answer')
})

void t.test('the inbox counts from the arrival of each push', async (t) => {
  const { platform } = createFakePlatform()
  const silent = { ...platform.inbox, componentEvent: neverAnswers }
  const nowMs = () => NOW_MS + 1_150
  t.equal(await inboxWithinStoreBudget(platform.inbox, { nowMs }).componentEvent(event), 'accepted')
  await t.rejects(inboxWithinStoreBudget(silent, { nowMs }).componentEvent(event), UNAVAILABLE)
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
