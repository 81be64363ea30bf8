// Owns: the cipher and the key, against WeChat's own vectors and against Node's cipher used the plain way.
import { createDecipheriv, randomBytes } from 'node:crypto'
import t from 'tap'
import { decodeEncodingAesKey, decryptMessage, encryptMessage } from '@wxgw/wechat-core'
import { encryptPush, encryptRaw } from '../push/make-push.ts'
import { vector, VECTORS } from '../../helpers/wxbizmsgcrypt-vectors.ts'

function keyOf(encodingAesKey: string): Buffer {
  const key = decodeEncodingAesKey(encodingAesKey)
  if (key === undefined) throw new Error('not a key')
  return key
}

void t.test('every known message is decrypted, and encrypted to the identical ciphertext', async (t) => {
  for (const known of VECTORS) {
    const aesKey = keyOf(known.encodingAesKey)
    t.same(
      decryptMessage({ aesKey, encrypted: known.encrypt }),
      { plaintext: known.plaintext, bytes: Buffer.from(known.plaintext), receiveId: known.receiveId, isUtf8: true },
      `${known.id} is decrypted`,
    )
    const random16 = Buffer.from(known.random16)
    const { plaintext, receiveId } = known
    t.equal(encryptMessage({ aesKey, plaintext, receiveId, random16 }), known.encrypt, `${known.id} is encrypted`)
  }
})

void t.test('the vectors cover pad bytes over 16, which a cipher with 16-byte blocks refuses', async (t) => {
  t.ok(VECTORS.filter((known) => known.padByte > 16).length >= 3)
})

void t.test('an EncodingAESKey is 43 characters of the base64 alphabet, spare bits allowed', async (t) => {
  t.equal(keyOf(vector('V1').encodingAesKey).length, 32, 'a key with spare bits set')
  t.equal(keyOf('+/'.repeat(21) + 'A').length, 32)
  for (const broken of [
    '',
    'A'.repeat(42),
    'A'.repeat(44),
    `${'A'.repeat(42)}=`,
    `${'A'.repeat(42)}-`,
    `${'A'.repeat(42)} `,
    `${'A'.repeat(43)}\n`,
  ]) {
    t.equal(decodeEncodingAesKey(broken), undefined, JSON.stringify(broken))
  }
})

void t.test('messages of every length come back, whatever padding they need', async (t) => {
  const aesKey = randomBytes(32)
  const pads = new Set<number>()
  for (let length = 1; length <= 70; length++) {
    const plaintext = '你'.repeat(length % 3) + 'x'.repeat(length)
    const encrypted = encryptMessage({ aesKey, plaintext, receiveId: 'wx134c8103faa5a59e' })
    const decipher = createDecipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
    const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()])
    t.equal(padded.length % 32, 0, 'whole blocks of 32 bytes')
    pads.add(padded.at(-1) ?? 0)
    t.same(decryptMessage({ aesKey, encrypted }), {
      plaintext,
      bytes: Buffer.from(plaintext),
      receiveId: 'wx134c8103faa5a59e',
      isUtf8: true,
    })
  }
  t.equal(pads.size, 32, 'every pad from 1 to 32 occurred')
})

void t.test('a message of any length and any characters comes back as Node itself reads it', async (t) => {
  const aesKey = randomBytes(32)
  for (const piece of ['x', '你好', 'é', '😀', '\ufeff', '\u0000', 'x你😀']) {
    for (const bytes of [1, 511, 512, 513, 5_000, 16_384, 16_385]) {
      const plaintext = piece.repeat(Math.ceil(bytes / Buffer.byteLength(piece)))
      t.equal(
        decryptMessage({ aesKey, encrypted: encryptMessage({ aesKey, plaintext, receiveId: 'wx' }) })?.plaintext,
        plaintext,
      )
    }
  }
  const cut = Buffer.from('你'.repeat(400)).subarray(0, -1)
  const opened = decryptMessage({ aesKey, encrypted: encryptPush({ aesKey, plaintext: cut, receiveId: 'wx' }) })
  t.same(
    opened,
    { plaintext: cut.toString('utf8'), bytes: cut, receiveId: 'wx', isUtf8: false },
    'half a character is U+FFFD',
  )
})

void t.test('every character of Unicode comes back, whatever stands beside it', async (t) => {
  const aesKey = randomBytes(32)
  const samePlaintext = (plaintext: string) =>
    decryptMessage({ aesKey, encrypted: encryptMessage({ aesKey, plaintext, receiveId: 'wx' }) })?.plaintext ===
    plaintext
  const wrong: string[] = []
  for (let first = 1; first <= 0x10ffff; first += 500) {
    const points = Array.from({ length: 500 }, (_, index) => first + index).filter(
      (point) => point <= 0x10ffff && (point < 0xd800 || point > 0xdfff),
    )
    if (points.length > 0 && !samePlaintext(String.fromCodePoint(...points))) wrong.push(`from ${first}`)
  }
  const alphabet = ['a', '\u007f', '\u0080', 'é', '\u07ff', '\u0800', '你', '\ufeff', '\uffff', '😀', '\u{10ffff}']
  for (let round = 0; round < 2_000; round += 1) {
    const plaintext = Array.from(randomBytes(1 + (round % 40)), (byte) => alphabet[byte % alphabet.length]).join('')
    if (!samePlaintext(plaintext)) wrong.push(plaintext)
  }
  t.same(wrong, [])
})

void t.test('two encryptions of one message differ', async (t) => {
  const message = { aesKey: randomBytes(32), plaintext: 'x', receiveId: 'wx' }
  t.not(encryptMessage(message), encryptMessage(message))
  t.throws(() => encryptMessage({ ...message, random16: Buffer.alloc(15) }), RangeError)
})

void t.test('what was decrypted before with the same key never shows in a later message', async (t) => {
  const keys = [randomBytes(32), randomBytes(32), randomBytes(32)]
  for (let round = 0; round < 300; round++) {
    const aesKey = keys[round % 3] ?? randomBytes(32)
    const noise = randomBytes(16 * (1 + (round % 5))).toString('base64')
    decryptMessage({ aesKey, encrypted: noise })
    const plaintext = randomBytes(round + 1).toString('base64url')
    const encrypted = encryptPush({ plaintext, aesKey })
    t.same(decryptMessage({ aesKey, encrypted }), {
      plaintext,
      bytes: Buffer.from(plaintext),
      receiveId: 'wx134c8103faa5a59e',
      isUtf8: true,
    })
  }
})

function unequalPadding(length: number): Buffer {
  const padding = Buffer.alloc(length, length)
  padding[0] = length - 1
  return padding
}

void t.test('what cannot be opened is undefined, never an exception', async (t) => {
  const aesKey = randomBytes(32)
  const open = (encrypted: string) => decryptMessage({ aesKey, encrypted })
  t.equal(open(randomBytes(31).toString('base64')), undefined, '31 bytes')
  t.equal(open(randomBytes(33).toString('base64')), undefined, '33 bytes')
  t.equal(open(randomBytes(16).toString('base64')), undefined, 'shorter than the header')
  t.equal(open(''), undefined, 'nothing')
  t.equal(open('$%^&'), undefined, 'not base64')
  t.equal(open(encryptPush({ aesKey }).replace(/=*$/, '====')), undefined, 'padding too long')
  for (const pad of [0, 33, 255]) {
    t.equal(open(encryptPush({ aesKey, padding: (length) => Buffer.alloc(length, pad) })), undefined, `pad byte ${pad}`)
  }
  t.equal(open(encryptPush({ aesKey, padding: unequalPadding })), undefined, 'unequal pad bytes')
  t.equal(open(encryptRaw(Buffer.alloc(32, 32), aesKey)), undefined, 'padding only')
  for (const length of [0, 1000, 0x7fffffff, 0xffffffff]) {
    t.equal(open(encryptPush({ aesKey, length })), undefined, `length field ${length}`)
  }
  t.equal(open(encryptPush({ aesKey, plaintext: '你', length: 2 }))?.isUtf8, false, 'the length field cuts a character')
  const found = open(encryptPush({ aesKey, plaintext: Buffer.from([0xff, 0x41]) }))?.plaintext
  t.equal(found, '\ufffdA', 'what is no UTF-8 is replaced, not refused')
  const shown = decryptMessage({ aesKey: keyOf(vector('V1').encodingAesKey), encrypted: vector('V5').encrypt })
  t.equal(shown, undefined, 'another key')
})
