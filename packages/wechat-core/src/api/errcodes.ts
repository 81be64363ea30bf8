// Owns: classifying WeChat's errcodes by the catalogue. The token code decides what to do about each kind.
import { type Errcode, errcode as catalogued } from '@wxgw/catalogue'

export type ErrcodeKind = Errcode['kind']

// The cause of an unknown errcode may pass; the caller bounds the retries.
const UNLISTED = { kind: 'other', retry: 'backoff' } as const satisfies Pick<Errcode, 'kind' | 'retry'>

/** `errcode` is not 0. An unlisted one is `other`: retry with backoff. */
export function classifyErrcode(errcode: number): ErrcodeKind {
  return (catalogued(errcode) ?? UNLISTED).kind
}

/** The retry options of a GatewayError. An operator may clear the day's quota, so there is no wait until midnight. */
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
