// Owns: WeChat's circuit breaker (自动屏蔽): after repeated failures it stops pushing to a URL for a while.
import type { CircuitBreakerSettings } from '../settings.ts'

export type CircuitBreaker = {
  isOpen(url: string): boolean
  record(url: string, ok: boolean): void
}

export function createCircuitBreaker(deps: {
  settings: () => { circuitBreaker: CircuitBreakerSettings | undefined }
  nowMs: () => number
}): CircuitBreaker {
  const byUrl = new Map<string, { failures: number; openUntilMs: number }>()

  return {
    isOpen: (url) => deps.settings().circuitBreaker !== undefined && deps.nowMs() < (byUrl.get(url)?.openUntilMs ?? 0),
    record: (url, ok) => {
      const breaker = deps.settings().circuitBreaker
      if (!breaker || ok) {
        byUrl.delete(url)
        return
      }
      const failures = (byUrl.get(url)?.failures ?? 0) + 1
      byUrl.set(url, { failures, openUntilMs: failures >= breaker.failures ? deps.nowMs() + breaker.openMs : 0 })
    },
  }
}
