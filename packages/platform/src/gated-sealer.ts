// Owns: a sealer that refuses until the sealing keys are checked against Redis: a process with wrong keys must not
// overwrite anything.
import type { Sealer } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'

type GatedSealer = Sealer & {
  /** Call it when the keys are right. */
  release(): void
}

/** Until `release`, both functions throw STORE_UNAVAILABLE. */
export function createGatedSealer(sealer: Sealer): GatedSealer {
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
