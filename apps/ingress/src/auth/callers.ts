// Owns: who is calling: from an Authorization header to a configured caller. What the caller may do is grants.ts.
import { hash, timingSafeEqual } from 'node:crypto'
import type { CallerConfig } from '@wxgw/runtime'

// The scheme is matched without case, the key exactly; a key holds no blank.
const BEARER = /^bearer +([!-~]+)$/i

export type Callers = {
  find(authorizationHeaders: readonly string[]): CallerConfig | undefined
  findByKey(key: string): CallerConfig | undefined
}

/** The keys are compared by their digests and all of them every time: how long it takes tells nothing about any key. */
export function createCallers(callers: readonly CallerConfig[]): Callers {
  const known = callers.map((caller) => ({ caller, digest: digestOf(caller.key.reveal()) }))

  function findByKey(key: string): CallerConfig | undefined {
    const digest = digestOf(key)
    let found: CallerConfig | undefined
    for (const { caller, digest: expected } of known) {
      if (timingSafeEqual(digest, expected)) found = caller
    }
    return found
  }

  return {
    findByKey,
    find(headers) {
      // Two headers are ambiguous: a proxy in between may have judged by the other one.
      const key = headers.length === 1 ? BEARER.exec(headers[0] ?? '')?.[1] : undefined
      return key === undefined ? undefined : findByKey(key)
    },
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
