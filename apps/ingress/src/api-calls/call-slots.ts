// Owns: bounding the concurrent calls of this process, per caller and in all.
import { type CallerConfig, MAX_CONCURRENT_OF_PROCESS } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'

export type ApiCallSlots = {
  /** Throws RATE_LIMITED. Returns the function that releases the slot; repeated calls do nothing. */
  take(caller: Pick<CallerConfig, 'name' | 'maxConcurrent'>): () => void
}

export function createApiCallSlots(most: number = MAX_CONCURRENT_OF_PROCESS): ApiCallSlots {
  const taken = new Map<string, number>()
  let all = 0

  return {
    take({ name, maxConcurrent }) {
      const own = taken.get(name) ?? 0
      if (own >= maxConcurrent) throw tooMany('this caller')
      if (all >= most) throw tooMany('all callers')
      taken.set(name, own + 1)
      all += 1
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        all -= 1
        const left = (taken.get(name) ?? 1) - 1
        if (left === 0) taken.delete(name)
        else taken.set(name, left)
      }
    },
  }
}

function tooMany(whose: string): GatewayError {
  return new GatewayError('RATE_LIMITED', `too many calls of ${whose} at once`, { retry: true, retryAfterSeconds: 1 })
}
