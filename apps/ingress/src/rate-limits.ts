// Owns: the rate limit per address on the public listener, in the memory of each process. It protects the quota of
// pre_auth_codes from one address, not from many.
import rateLimit from '@fastify/rate-limit'
import { GatewayError } from '@wxgw/wechat-core'
import { clientOf } from '@wxgw/runtime'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { GatewayServer } from './server.ts'

const WINDOW_MS = 60_000
/** Exchanging a code costs WeChat's quota too, but visitors reload pages: its limit is ten times higher. */
const LOOKUP_FACTOR = 10
/** Addresses remembered at a time; the oldest is forgotten first. */
const MAX_ADDRESSES = 20_000

/** undefined = the address. */
type KeyOf = (params: Readonly<Record<string, string>>) => Promise<string | undefined>

/**
 * `createUrl`: authurl and the click on the authorize page together. `lookUp`: mpinfo and the landing page together.
 * `lookUpBy`: the same limit, counted by another key than the address where there is one. `view`: the authorize page,
 * whose QR code costs CPU. Pushes have no rate limit.
 */
export type RateLimits = {
  createUrl: onRequestHookHandler
  lookUp: onRequestHookHandler
  lookUpBy(keyOf: KeyOf): onRequestHookHandler
  view: onRequestHookHandler
}

/** An IPv6 address counts as its /64, without the port. `X-Forwarded-For` is read only from TRUST_PROXY. */
export async function createRateLimits(scope: GatewayServer, perMinute: number): Promise<RateLimits> {
  await scope.register(rateLimit, {
    global: false,
    cache: MAX_ADDRESSES,
    timeWindow: WINDOW_MS,
    keyGenerator: addressOf,
    errorResponseBuilder: (_request, { ttl }) => {
      return new GatewayError('RATE_LIMITED', 'too many requests from this address', {
        retry: true,
        retryAfterSeconds: ttl / 1000,
      })
    },
  })
  return {
    createUrl: scope.rateLimit({ max: perMinute }),
    lookUp: scope.rateLimit({ max: perMinute * LOOKUP_FACTOR }),
    lookUpBy: (keyOf) =>
      scope.rateLimit({
        max: perMinute * LOOKUP_FACTOR,
        keyGenerator: async (request) =>
          (await keyOf(request.params as Readonly<Record<string, string>>)) ?? addressOf(request),
      }),
    view: scope.rateLimit({ max: perMinute * LOOKUP_FACTOR }),
  }
}

function addressOf({ ip, ips }: Pick<FastifyRequest, 'ip' | 'ips'>): string {
  return clientOf(ips ?? [ip])
}
