// Owns: from an Authorization header to a configured caller. Its rights are in grants.ts.
import { hash, timingSafeEqual } from 'node:crypto'
import type { CallerConfig } from '@wxgw/runtime'

// The scheme is matched without case, the key exactly; a key holds no blank.
const BEARER = /^bearer +([!-~]+)$/i

export type Callers = {
  find(authorizationHeaders: readonly string[]): CallerConfig | undefined
  findByKey(key: string): CallerConfig | undefined
}

/** Compares the digests of all keys each time, so that the duration reveals nothing about a key. */
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
      // Two headers are ambiguous: a proxy may have used the other one.
      const key = headers.length === 1 ? BEARER.exec(headers[0] ?? '')?.[1] : undefined
      return key === undefined ? undefined : findByKey(key)
    },
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
