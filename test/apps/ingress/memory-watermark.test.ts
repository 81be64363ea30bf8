// What Redis would soon have no room for is refused: messages first, tickets last.
import { startMemoryWatermark } from '@wxgw/ingress'
import { createLogger } from '@wxgw/runtime'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { createFakePlatform } from './fake-platform.ts'

const log = createLogger({ level: 'silent', name: 'test' })

async function guarded(memoryShare: () => Promise<number>) {
  let samples = 0
  const watermark = startMemoryWatermark({
    memoryShare: () => {
      samples += 1
      return memoryShare()
    },
    log,
  })
  await until('it has looked', () => samples > 0)
  const accepted: string[] = []
  const inbox = watermark.guard({
    ...createFakePlatform().platform.inbox,
    message: async () => {
      accepted.push('message')
      return 'accepted'
    },
    componentEvent: async () => {
      accepted.push('component event')
      return 'accepted'
    },
  })
  const event = { eventId: 'e', plaintext: '<xml/>', receivedAtMs: 0, made: 'ordered' as const }
  const message: Parameters<typeof inbox.message> = [
    {
      specversion: '1.0',
      id: 'e',
      source: '/wx/open1/wx00000000000000a1',
      type: 'wechat.message.text',
      time: '2026-01-01T00:00:00Z',
      datacontenttype: 'application/json',
      platform: 'open1',
      authorizerappid: 'wx00000000000000a1',
      data: {},
    },
    { receivedAtMs: 0, made: 0 },
  ]
  return { watermark, accepted, pushMessage: () => inbox.message(...message), pushEvent: () => inbox.componentEvent(event) }
}

void t.test('below three quarters everything is taken', async (t) => {
  const { watermark, accepted, pushMessage, pushEvent } = await guarded(async () => 0.74)
  await pushMessage()
  await pushEvent()
  t.same(accepted, ['message', 'component event'])
  await watermark.stop()
})

void t.test('from three quarters on messages are refused, tickets are not', async (t) => {
  const { watermark, accepted, pushMessage, pushEvent } = await guarded(async () => 0.75)
  await t.rejects(pushMessage(), { code: 'STORE_UNAVAILABLE', retry: true })
  await pushEvent()
  t.same(accepted, ['component event'])
  await watermark.stop()
})

void t.test('from nine tenths on everything is refused', async (t) => {
  const { watermark, pushMessage, pushEvent } = await guarded(async () => 0.9)
  await t.rejects(pushMessage(), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(pushEvent(), { code: 'STORE_UNAVAILABLE' })
  await watermark.stop()
})

void t.test('a Redis that cannot be asked changes nothing', async (t) => {
  const { watermark, accepted, pushMessage } = await guarded(() => Promise.reject(new Error('away')))
  await pushMessage()
  t.same(accepted, ['message'])
  await watermark.stop()
})
