// Owns: how often one address may ask on the public listener. In memory, each process for itself: it protects the quota of
// pre_auth_codes from one visitor, it is no defence against many.
import rateLimit from '@fastify/rate-limit'
import { GatewayError } from '@wxgw/wechat-core'
import { clientOf } from '@wxgw/runtime'
import type { onRequestHookHandler } from 'fastify'
import type { GatewayServer } from './server.ts'

const WINDOW_MS = 60_000
/** Looking up a code costs WeChat's quota too, but a page may be reloaded. */
const LOOKUP_FACTOR = 10
/** Addresses remembered at a time; the oldest is forgotten first. */
const MAX_ADDRESSES = 20_000

/**
 * `createUrl`: authurl and the click on the authorize page together. `lookUp`: mpinfo and the landing page together.
 * `view`: the authorize page, which costs the time for its QR code. Never on pushes.
 */
export type RateLimits = { createUrl: onRequestHookHandler; lookUp: onRequestHookHandler; view: onRequestHookHandler }

/** An IPv6 address counts as its /64, and no port makes a client another one. A proxy is believed only within TRUST_PROXY. */
export async function createRateLimits(scope: GatewayServer, perMinute: number): Promise<RateLimits> {
  await scope.register(rateLimit, {
    global: false,
    cache: MAX_ADDRESSES,
    timeWindow: WINDOW_MS,
    keyGenerator: ({ ip, ips }) => clientOf(ips ?? [ip]),
    errorResponseBuilder: (_request, { ttl }) => {
      return new GatewayError('RATE_LIMITED', 'too many requests from this address', { retry: true, retryAfterSeconds: ttl / 1000 })
    },
  })
  return {
    createUrl: scope.rateLimit({ max: perMinute }),
    lookUp: scope.rateLimit({ max: perMinute * LOOKUP_FACTOR }),
    view: scope.rateLimit({ max: perMinute * LOOKUP_FACTOR }),
  }
}
