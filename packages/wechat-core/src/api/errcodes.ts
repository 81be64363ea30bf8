// Owns: what an errcode of WeChat's means for whoever made the call. The codes stand in the catalogue; what is done
// about a kind is decided by the token code.
import { type Errcode, errcode as catalogued } from '@wxgw/catalogue'

export type ErrcodeKind = Errcode['kind']

// What is unknown may pass by itself; whoever repeats calls bounds the attempts.
const UNLISTED = { kind: 'other', retry: 'backoff' } as const satisfies Pick<Errcode, 'kind' | 'retry'>

/** Of an errcode other than 0. An unlisted one is `other` and may be tried again, with backoff. */
export function classifyErrcode(errcode: number): ErrcodeKind {
  return (catalogued(errcode) ?? UNLISTED).kind
}

/** How it reads on a GatewayError. The day's quota may be cleared by an operator, so nobody waits for midnight. */
export function errcodeRetryOptions(errcode: number): { retry: boolean; retryAfterSeconds?: number } {
  const { retry } = catalogued(errcode) ?? UNLISTED
  switch (retry) {
    case 'no':
      return { retry: false }
    case 'backoff':
    case 'after-token-refresh':
      return { retry: true, retryAfterSeconds: 1 }
    case 'next-minute':
      return { retry: true, retryAfterSeconds: 60 }
    case 'next-day':
      return { retry: true, retryAfterSeconds: 600 }
    default:
      return retry satisfies never
  }
}
