// Owns: what consumers of a queue and of a stream are handed.
import { GatewayError } from '@wxgw/wechat-core'
import { type ConsumerJob, createQueueSink, createStreamSink, parseRetryAfter, type StreamEntry } from '@wxgw/worker'
import t from 'tap'
import { subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const event = textEvent()
const request = {
  event,
  body: JSON.stringify(event),
  deliveryId: 'ev-1.replay-1',
  signal: new AbortController().signal,
}
const storeAway = () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true }))

void t.test('a queue gets one job, named after the type, with the event as data and the delivery as id', async (t) => {
  const jobs: ConsumerJob[] = []
  const sink = createQueueSink({ addToConsumerQueue: async (job) => void jobs.push(job) })
  t.same(await sink.deliver({ ...request, subscription: subscription('crm') }), { outcome: 'delivered' })
  const job = { queue: '{wx-queue.open1.crm}', jobId: 'ev-1.replay-1', name: 'wechat.message.text', data: event }
  t.same(jobs, [job])
})

void t.test('a stream gets one entry with id, type and the event as JSON', async (t) => {
  const entries: StreamEntry[] = []
  const sink = createStreamSink({ appendToStream: async (entry) => void entries.push(entry) })
  const stream = 'wx:{stream.open1.crm}'
  const streaming = subscription('crm', { sink: { kind: 'stream', stream, maxLength: 1_000 } })
  t.same(await sink.deliver({ ...request, subscription: streaming }), { outcome: 'delivered' })
  const fields = { id: 'ev-1', type: 'wechat.message.text', event: JSON.stringify(event) }
  t.same(entries, [{ stream, fields, maxLength: 1_000 }])
})

void t.test('a store that is away is no outcome; what it refuses is one, without the error’s text', async (t) => {
  const streaming = subscription('crm', { sink: { kind: 'stream', stream: 's', maxLength: undefined } })
  const away = { code: 'STORE_UNAVAILABLE' }
  const queue = createQueueSink({ addToConsumerQueue: storeAway })
  await t.rejects(queue.deliver({ ...request, subscription: subscription('crm') }), away)
  const stream = createStreamSink({ appendToStream: storeAway })
  await t.rejects(stream.deliver({ ...request, subscription: streaming }), away)
  const forbidden = new GatewayError('STORE_UNAVAILABLE', 'no right', { cause: { name: 'ReplyError', code: 'NOPERM' } })
  for (const [error, reason] of [
    [forbidden, 'NOPERM'],
    [new Error('SET secret'), 'INTERNAL'],
  ] as const) {
    const sink = createStreamSink({ appendToStream: () => Promise.reject(error) })
    t.same(await sink.deliver({ ...request, subscription: streaming }), { outcome: 'unreachable', reason })
  }
})

void t.test('a sink refuses a subscription of another kind', async (t) => {
  const webhook = subscription('crm', { sink: webhookSink('https://crm.example/') })
  await t.rejects(
    createQueueSink({ addToConsumerQueue: async () => {} }).deliver({ ...request, subscription: webhook }),
  )
  await t.rejects(createStreamSink({ appendToStream: async () => {} }).deliver({ ...request, subscription: webhook }))
})

void t.test('Retry-After is whole seconds or a date of HTTP, never negative', async (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  for (const [value, seconds] of [
    ['0', 0],
    [' 120 ', 120],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
    ['Thursday, 01-Jan-26 00:01:00 GMT', 60],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['', undefined],
    [undefined, undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026', 2026],
    ['2026-01-01', undefined],
  ] as const) {
    t.equal(parseRetryAfter(value, now), seconds, String(value))
  }
})
