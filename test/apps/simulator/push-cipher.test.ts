import { decryptMessage, encryptMessage, signParts } from '@wxgw/simulator'
import t from 'tap'
import { SIGNATURES, VECTORS } from '../../helpers/wxbizmsgcrypt-vectors.ts'

for (const vector of VECTORS) {
  void t.test(`${vector.id}: ${vector.what}`, async (t) => {
    const { random16, plaintext, receiveId, encodingAesKey, encrypt } = vector
    const found = decryptMessage(encodingAesKey, encrypt)
    t.same(found, { random16, plaintext, receiveId }, 'decrypts to the known plaintext')
    const shown = encryptMessage({ encodingAesKey, plaintext, receiveId, random16 })
    t.equal(shown, encrypt, 'encrypts to the known ciphertext')
    const { token, timestamp, nonce, msgSignature, signature } = vector
    if (timestamp === undefined || nonce === undefined) return
    if (msgSignature !== undefined) t.equal(signParts(token, timestamp, nonce, encrypt), msgSignature, 'msg_signature')
    if (signature !== undefined) t.equal(signParts(token, timestamp, nonce), signature, 'signature')
  })
}

void t.test('the URL check and plaintext pushes are signed over three parts', async (t) => {
  for (const { token, timestamp, nonce, expected } of SIGNATURES) t.equal(signParts(token, timestamp, nonce), expected)
})

void t.test('a padding of any length from 1 to 32 survives the round trip', async (t) => {
  const key = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
  for (let length = 0; length < 64; length += 1) {
    const plaintext = '字'.repeat(length % 7) + 'x'.repeat(length)
    const encrypt = encryptMessage({ encodingAesKey: key, plaintext, receiveId: 'wx134c8103faa5a59e' })
    t.equal(decryptMessage(key, encrypt).plaintext, plaintext, `${length}`)
  }
})

void t.test('broken ciphertexts are refused', async (t) => {
  const [first] = VECTORS
  if (!first) throw new Error('there are no vectors')
  const { encodingAesKey, encrypt } = first
  t.throws(() => decryptMessage(encodingAesKey, encrypt.slice(0, 40)), 'not whole blocks')
  t.throws(() => decryptMessage(encodingAesKey, `${encrypt.slice(0, -1)}*`), 'not base64')
  t.throws(() => decryptMessage(encodingAesKey, ''), 'empty')
  t.throws(() => decryptMessage('0123456789012345678901234567890123456789012', encrypt), 'foreign key')
  t.throws(() => decryptMessage('short', encrypt), 'no key')
})
