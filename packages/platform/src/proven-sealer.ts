// Owns: holding every secret back until the sealing keys are proven: a process with the wrong keys must not overwrite
// anything.
import type { Sealer } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'

type ProvenSealer = Sealer & {
  /** The keys are the right ones: from now on it seals and opens. */
  release(): void
}

/** Until then both ways reject with STORE_UNAVAILABLE: Redis has not been asked yet, because it is away. */
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
