// Owns: a sealer that refuses until the sealing keys were checked against Redis: a process with wrong keys must not
// overwrite anything.
import type { Sealer } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'

type ProvenSealer = Sealer & {
  /** The keys are right: it seals and opens from now on. */
  release(): void
}

/** Until `release` both functions throw STORE_UNAVAILABLE, because Redis was away for the check. */
export function createProvenSealer(sealer: Sealer): ProvenSealer {
  let isProven = false
  const proven = () => {
    if (!isProven)
      throw new GatewayError('STORE_UNAVAILABLE', 'the sealing keys are not proven yet', {
        retry: true,
        retryAfterSeconds: 1,
      })
    return sealer
  }
  return {
    seal: (plaintext, place) => proven().seal(plaintext, place),
    open: (sealed, place) => proven().open(sealed, place),
    isCurrent: (sealed) => sealer.isCurrent(sealed),
    release: () => {
      isProven = true
    },
  }
}
