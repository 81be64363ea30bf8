// Owns: making hostile bytes out of good ones, the same for the same seed.
import { CANARY } from '../hostile-gateway.ts'

/** From 0 up to but not including `below`. */
export type Random = (below: number) => number

const MAX_STEPS = 4
const MAX_GROWTH = 64

// What parsers are known to stumble over.
const TOKENS = [
  ...[
    '\r\n',
    '\n',
    '\0',
    '\t',
    ' ',
    '%00',
    '%0d%0a',
    '%',
    '%zz',
    '%C0%AE',
    '..',
    '/',
    '//',
    '?',
    '&',
    '=',
    '#',
    ';',
    ':',
    ',',
    '"',
    "'",
    '\\',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
  ],
  ...[
    '<!DOCTYPE x>',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '&lt;',
    '&x;',
    '</xml>',
    '<xml>',
    '<Encrypt>',
    '__proto__',
    'constructor',
    'null',
    'true',
    '-1',
    '0',
    '1e999',
    '9007199254740993',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Encoding: gzip\r\n',
    'Host: a\r\n',
    'Expect: 100-continue\r\n',
    'Connection: keep-alive\r\n',
    'Authorization: Bearer x\r\n',
  ],
  ...[
    '\ud83d\ude00',
    '\u202e',
    '\ufeff',
    '\u2028',
    '１',
    'é',
    CANARY,
    'a'.repeat(300),
    '{"a":'.repeat(40),
    '<a>'.repeat(40),
  ],
].map((text) => Buffer.from(text))

/** mulberry32: small, fast, and the same everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[random(from.length)]
  if (picked === undefined) throw new RangeError('nothing to pick from')
  return picked
}

/** One to four changes; now and then bytes of `other` in it. */
export function mutate(random: Random, bytes: Buffer, other: Buffer): Buffer {
  let mutated = bytes
  for (let steps = 1 + random(MAX_STEPS); steps > 0; steps -= 1) mutated = step(random, mutated, other)
  return mutated
}

function step(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const at = random(bytes.length + 1)
  const length = 1 + random(Math.min(MAX_GROWTH, bytes.length + 1))
  const replaced = (by: Buffer, removed: number) =>
    Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + removed)])
  switch (random(9)) {
    case 0: {
      const flipped = Buffer.from(bytes)
      if (at < bytes.length) flipped[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return flipped
    }
    case 1:
      return replaced(Buffer.from([random(256)]), 1)
    case 2:
      return replaced(Buffer.alloc(0), length)
    case 3:
      return replaced(bytes.subarray(at, at + length), 0)
    case 4:
      return replaced(pick(random, TOKENS), 0)
    case 5:
      return replaced(pick(random, TOKENS), length)
    case 6:
      return bytes.subarray(0, at)
    case 7: {
      const from = random(other.length + 1)
      return replaced(other.subarray(from, from + length), random(2) * length)
    }
    default:
      return Buffer.from(
        bytes.map((byte) => (byte >= 0x30 && byte <= 0x39 && random(4) === 0 ? 0x30 + random(10) : byte)),
      )
  }
}
