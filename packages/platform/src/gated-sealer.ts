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
  let isReleased = false
  const released = () => {
    if (!isReleased)
      throw new GatewayError('STORE_UNAVAILABLE', 'the sealing keys are not checked yet', {
        retry: true,
        retryAfterSeconds: 1,
      })
    return sealer
  }
  return {
    seal: (plaintext, place) => released().seal(plaintext, place),
    open: (sealed, place) => released().open(sealed, place),
    isCurrent: (sealed) => sealer.isCurrent(sealed),
    release: () => {
      isReleased = true
    },
  }
}
