// Owns: stand-ins for access tokens, for SDKs that require one; only this gateway accepts them. Nothing is stored: a
// stand-in contains a keyed hash over caller, its key, platform, account and expiry, with a key derived from
// SEALING_KEYS.
import { createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { type Clock, Secret } from '@wxgw/wechat-core'

const STAND_IN_SECONDS = 7_200

// 48 bytes, 64 characters of base64url without spare bits: version 1, caller 8, end 7, hash 32.
const VERSION = 1
const CALLER_BYTES = 8
const END_BYTES = 7
const HASH_BYTES = 32
const HEAD_BYTES = 1 + CALLER_BYTES + END_BYTES
const STAND_IN = /^[A-Za-z0-9_-]{64}$/

/** Where a stand-in is valid. */
type StandInPlace = { platform: string; appId: string }

export type StandIns = {
  issue(caller: CallerConfig, place: StandInPlace): { token: Secret; expiresAtMs: number; expiresInSeconds: number }
  /** The caller of a valid stand-in. Pure, no I/O. */
  callerOf(standIn: string, place: StandInPlace): CallerConfig | undefined
}

/** `keys`: the first signs, all verify. */
type Known = { caller: CallerConfig; keys: readonly Buffer[]; keyDigest: string }

type Deps = { callers: readonly CallerConfig[]; sealingKeys: Config['sealingKeys']; clock: Clock }

/**
 * A stand-in is valid while the sealing key that signed it is configured. Without sealing keys, each caller's own key
 * is the base.
 */
export function createStandIns({ callers, sealingKeys, clock }: Deps): StandIns {
  const shared = sealingKeys.map(({ key }) => derivedKey(key))
  const byName = new Map(
    callers.map((caller): [string, Known] => {
      const own = Buffer.from(caller.key.reveal())
      const keys = shared.length > 0 ? shared : [derivedKey(own)]
      return [nameTag(caller).toString('hex'), { caller, keys, keyDigest: hash('sha256', own, 'base64url') }]
    }),
  )
  function proof(
    head: Buffer,
    { caller, keyDigest }: Known,
    { key, place }: { key: Buffer; place: StandInPlace },
  ): Buffer {
    const bound = JSON.stringify([caller.name, keyDigest, place.platform, place.appId])
    return createHmac('sha256', key).update(head).update(bound).digest()
  }

  return {
    issue(caller, place) {
      const known = byName.get(nameTag(caller).toString('hex'))
      const [key] = known?.keys ?? []
      if (known === undefined || key === undefined) throw new Error('stand-ins are made for configured callers')
      const endsAt = Math.floor(clock.nowMs() / 1000) + STAND_IN_SECONDS
      const head = Buffer.alloc(HEAD_BYTES)
      head.writeUInt8(VERSION, 0)
      nameTag(caller).copy(head, 1)
      head.writeUIntBE(endsAt, HEAD_BYTES - 6, 6)
      const token = Buffer.concat([head, proof(head, known, { key, place })]).toString('base64url')
      const expiresAtMs = endsAt * 1000
      return {
        token: new Secret(token),
        expiresAtMs,
        expiresInSeconds: Math.floor((expiresAtMs - clock.nowMs()) / 1000),
      }
    },

    callerOf(standIn, place) {
      if (!STAND_IN.test(standIn)) return undefined
      const bytes = Buffer.from(standIn, 'base64url')
      const head = bytes.subarray(0, HEAD_BYTES)
      const known = byName.get(head.subarray(1, 1 + CALLER_BYTES).toString('hex'))
      if (known === undefined || head.readUInt8(0) !== VERSION) return undefined
      const given = bytes.subarray(HEAD_BYTES, HEAD_BYTES + HASH_BYTES)
      const isSignatureValid = known.keys.some((key) => timingSafeEqual(given, proof(head, known, { key, place })))
      const isExpired = clock.nowMs() >= head.readUIntBE(HEAD_BYTES - 6, 6) * 1000
      return isSignatureValid && !isExpired ? known.caller : undefined
    },
  }
}

function derivedKey(base: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', base, '', 'wxgw stand-in v1', 32))
}

/** A hash only for its fixed length: names are no secrets. */
function nameTag({ name }: CallerConfig): Buffer {
  return hash('sha256', name, 'buffer').subarray(0, CALLER_BYTES)
}
