// Owns: limiting sign-ins with wrong keys at the console, per address and in all, in one process. Keys are too long to
// guess: the limits bound the cost of attempts.
import { type Clock, GatewayError } from '@wxgw/wechat-core'

const WINDOW_MS = 60_000
const MAX_OF_ADDRESS = 10
const MAX_IN_ALL = 100

type SignInLimits = {
  /** Throws RATE_LIMITED, for a valid key too: otherwise the answer would show which key is right. */
  check(address: string): void
  wrongKey(address: string): void
}

export function createSignInLimits(clock: Clock): SignInLimits {
  let beganAtMs = 0
  let inAll = 0
  /** At most MAX_IN_ALL entries. */
  const ofAddress = new Map<string, number>()

  function begin(): void {
    if (clock.nowMs() - beganAtMs < WINDOW_MS) return
    beganAtMs = clock.nowMs()
    inAll = 0
    ofAddress.clear()
  }

  return {
    check(address) {
      begin()
      if (inAll < MAX_IN_ALL && (ofAddress.get(address) ?? 0) < MAX_OF_ADDRESS) return
      const retryAfterSeconds = (beganAtMs + WINDOW_MS - clock.nowMs()) / 1000
      throw new GatewayError('RATE_LIMITED', 'too many wrong keys', { retry: true, retryAfterSeconds })
    },
    wrongKey(address) {
      begin()
      inAll += 1
      ofAddress.set(address, (ofAddress.get(address) ?? 0) + 1)
    },
  }
}
