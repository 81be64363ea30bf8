// Owns: the two signatures, against WeChat's own vectors.
import t from 'tap'
import { Secret, signPush, verifyUrlSignature } from '@wxgw/wechat-core'
import { VECTORS } from '../../helpers/wxbizmsgcrypt-vectors.ts'

void t.test('every known msg_signature and signature is reproduced', async (t) => {
  for (const { id, token, timestamp, nonce, encrypt, msgSignature, signature } of VECTORS) {
    if (timestamp === undefined || nonce === undefined) continue
    t.equal(signPush({ token: new Secret(token), timestamp, nonce, encrypt }), msgSignature, id)
    if (signature)
      t.ok(verifyUrlSignature({ tokens: [new Secret(token)], signature, timestamp, nonce }), `${id} signature`)
  }
})

const CHECKS = [
  { timestamp: '1714036504', nonce: '1514711492', signature: 'f464b24fc39322e44b38aa78f5edd27bd1441696' },
  { timestamp: '1714037059', nonce: '486452656', signature: '899cf89e464efb63f54ddac96b0a0a235f53aa78' },
]

void t.test('a URL check is verified under any of the tokens', async (t) => {
  for (const check of CHECKS) {
    t.ok(verifyUrlSignature({ ...check, tokens: [new Secret('AAAAA')] }))
    t.ok(verifyUrlSignature({ ...check, tokens: [new Secret('newer'), new Secret('AAAAA')] }))
    t.notOk(verifyUrlSignature({ ...check, tokens: [new Secret('AAAAB')] }))
    t.notOk(verifyUrlSignature({ ...check, tokens: [] }))
  }
})

void t.test('a URL check with anything missing or deformed is refused without an exception', async (t) => {
  const [check = { timestamp: '', nonce: '', signature: '' }] = CHECKS
  const tokens = [new Secret('AAAAA')]
  t.notOk(verifyUrlSignature({ ...check, tokens, signature: undefined }))
  t.notOk(verifyUrlSignature({ ...check, tokens, timestamp: undefined }))
  t.notOk(verifyUrlSignature({ ...check, tokens, nonce: '' }))
  for (const signature of [
    check.signature.toUpperCase(),
    check.signature.slice(1),
    `${check.signature}0`,
    'é'.repeat(40),
    '１'.repeat(40),
    `${check.signature}\n`,
  ]) {
    t.notOk(verifyUrlSignature({ ...check, tokens, signature }), JSON.stringify(signature))
  }
})
