// Owns: the ring of recent pushes against a plain list with the same bounds.
import { createPushRing } from '@wxgw/ingress'
import t from 'tap'
import { seededRandom } from '../../chaos/random.ts'

const SIZE = 1_000
const HEADER_BYTES = 16

function ringOf(size: number) {
  const ring = createPushRing(size)
  return {
    ...ring,
    /** The head is the first word of the text. */
    write(text: string, atMs: number) {
      const space = text.indexOf(' ')
      ring.write({ head: text.slice(0, Math.max(space, 0)), body: Buffer.from(text.slice(Math.max(space, 0))) }, atMs)
    },
    read(place: number): string | undefined {
      const record = ring.read(place)
      return record && record.head + record.body.toString()
    },
  }
}

void t.test('whatever is written and dropped, the newest texts that fit are read back, oldest first', async (t) => {
  const random = seededRandom(7)
  const ring = ringOf(SIZE)
  let kept: Array<{ text: string; atMs: number }> = []
  for (let atMs = 1; atMs <= 5_000; atMs += 1) {
    const text = `${atMs} ${'你a'.repeat(Math.floor(random() * (random() < 0.02 ? 400 : 60)))}`
    ring.write(text, atMs)
    if (Buffer.byteLength(text) + HEADER_BYTES <= SIZE) kept.push({ text, atMs })
    const before = random() < 0.1 ? atMs - Math.floor(random() * 8) : 0
    ring.dropBefore(before)
    kept = kept.filter((one) => one.atMs >= before)
    const texts = ring.places().map((place) => ring.read(place))
    // What the end of a lap leaves unused decides how many of the older ones fit.
    const newest = kept.slice(kept.length - texts.length)
    if (JSON.stringify(texts) !== JSON.stringify(newest.map((one) => one.text))) return t.fail(`after ${atMs}`)
    const bytes = (ones: typeof kept) => ones.reduce((sum, one) => sum + Buffer.byteLength(one.text) + HEADER_BYTES, 0)
    const [next] = kept.slice(-texts.length - 1)
    if (kept.length > texts.length && next && bytes(newest) * 2 + bytes([next]) < SIZE)
      return t.fail(`too few after ${atMs}`)
    kept = newest
  }
  t.pass()
})

void t.test('a place whose text was overwritten or dropped has none', async (t) => {
  const ring = ringOf(100)
  ring.write('first', 1)
  const [first = -1] = ring.places()
  t.equal(ring.read(first), 'first')
  ring.write('x'.repeat(80), 2)
  t.equal(ring.read(first), undefined)
  const [second = -1] = ring.places()
  ring.dropBefore(3)
  t.equal(ring.read(second), undefined)
  t.same(ring.places(), [])
  ring.write('y'.repeat(85), 4)
  t.same(ring.places(), [], 'one that is larger than the ring is not kept')
})
