// What Redis would soon have no room for is refused: messages first, tickets last.
import { startMemoryWatermark } from '@wxgw/ingress'
import { createLogger } from '@wxgw/runtime'
import t from 'tap'
import { until } from '../../helpers/until.ts'

const log = createLogger({ level: 'silent', name: 'test' })

async function watermarkAt(memoryShare: () => Promise<number>) {
  let samples = 0
  const watermark = startMemoryWatermark({
    memoryShare: () => {
      samples += 1
      return memoryShare()
    },
    log,
  })
  t.teardown(() => watermark.stop())
  await until('it has looked', () => samples > 0)
  return watermark
}

const FULL = { code: 'STORE_UNAVAILABLE', retry: true }

void t.test('below three quarters there is room for everything', async (t) => {
  const watermark = await watermarkAt(async () => 0.74)
  t.doesNotThrow(() => watermark.assertRoomFor('messages'))
  t.doesNotThrow(() => watermark.assertRoomFor('control'))
})

void t.test('from three quarters on messages are refused, tickets are not', async (t) => {
  const watermark = await watermarkAt(async () => 0.75)
  t.throws(() => watermark.assertRoomFor('messages'), FULL)
  t.doesNotThrow(() => watermark.assertRoomFor('control'))
})

void t.test('from nine tenths on everything is refused', async (t) => {
  const watermark = await watermarkAt(async () => 0.9)
  t.throws(() => watermark.assertRoomFor('messages'), FULL)
  t.throws(() => watermark.assertRoomFor('control'), FULL)
})

void t.test('a Redis that cannot be asked changes nothing', async (t) => {
  const watermark = await watermarkAt(() => Promise.reject(new Error('away')))
  t.doesNotThrow(() => watermark.assertRoomFor('messages'))
})
