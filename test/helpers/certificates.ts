// Owns: a certificate authority of the test's own, made anew for each run (X.509 in DER, by hand: Node.js only reads it).
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

/** PEM texts. */
export type Certificate = { key: string; cert: string }

export type Authority = {
  /** The certificate that its clients have to trust. */
  ca: string
  /** For 127.0.0.1, ::1 and localhost, as a server's and as a client's. */
  issue(commonName?: string): Certificate
}

const CA_NAME = 'a test authority'
const HOST = '127.0.0.1'

export function createAuthority(): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ca = certificate({
    subject: CA_NAME,
    issuer: CA_NAME,
    publicKey: own.publicKey,
    signer: own.privateKey,
    isCa: true,
  })
  return {
    ca,
    issue(commonName = HOST) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const cert = certificate({ subject: commonName, issuer: CA_NAME, publicKey, signer: own.privateKey, isCa: false })
      return { key: pem(privateKey), cert }
    },
  }
}

/** For 127.0.0.1, signed by itself: nobody trusts it. */
export function selfSigned(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cert = certificate({ subject: HOST, issuer: HOST, publicKey, signer: privateKey, isCa: false })
  return { key: pem(privateKey), cert }
}

type Parts = { subject: string; issuer: string; publicKey: KeyObject; signer: KeyObject; isCa: boolean }

function certificate({ subject, issuer, publicKey, signer, isCa }: Parts): string {
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')))
  const addresses = [
    [127, 0, 0, 1],
    [...Array.from({ length: 15 }, () => 0), 1],
  ]
  const names = [...addresses.map((address) => der(0x87, Buffer.from(address))), der(0x82, Buffer.from('localhost'))]
  const subjectAltName = sequence(oid('551d11'), der(0x04, sequence(...names)))
  const basicConstraints = sequence(
    oid('551d13'),
    der(0x01, Buffer.from([0xff])),
    der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
  )
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    named(issuer),
    validity,
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(isCa ? basicConstraints : subjectAltName)),
  )
  const signature = createSign('sha256').update(toBeSigned).sign(signer)
  const encoded = sequence(toBeSigned, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const lines = encoded.toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`
}

function named(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))))
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
