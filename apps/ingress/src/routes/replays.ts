// Owns: replays of a subscription, on the internal listener. A narrowed right reaches those of subscriptions that
// match nothing beyond it.
import type { Subscription } from '@wxgw/contracts'
import type { Platform, Replay, ReplayChange } from '@wxgw/platform'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { requireGrant } from '../auth/authenticate.ts'
import { instantMs } from '../http/instant.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { MAX_DAYS, replaySchemas } from '../schemas/replays.ts'
import type { GatewayServer } from '../server.ts'
import { assertEventLog } from './events.ts'
import { subscriptionOf, type SubscriptionReader } from './subscriptions.ts'

export type ReplayPlatform = SubscriptionReader & Pick<Platform, 'keepsEventLog' | 'replays'>

type Deps = { platforms: ReadonlyMap<string, ReplayPlatform>; paging: Paging; slots: RequestSlots }

const DEFAULT_RATE = 50
const DAY_MS = 86_400_000
const CHANGES: readonly ReplayChange[] = ['pause', 'resume', 'cancel']

export function replayRoutes(app: GatewayServer, { platforms, paging, slots }: Deps): void {
  const path = `${PREFIX}/subscriptions/:name/replays`
  const onRequest = requireGrant({ action: 'events:replay' })

  app.post(path, { schema: replaySchemas.begin, onRequest, preHandler: slots.long }, async (request, reply) => {
    const { replays, subscription } = await replaysOf(request, platforms)
    const { from, to, onlyUndelivered = true, ratePerSecond = DEFAULT_RATE, types, authorizers, subject } = request.body
    const { id, matched } = await replays.begin(subscription, {
      ...rangeOf(from, to),
      types,
      authorizers,
      subject,
      onlyUndelivered,
      ratePerSecond,
    })
    return reply.code(202).send({ replayId: id, matched })
  })

  app.get(path, { schema: replaySchemas.list, onRequest, preHandler: slots.wait }, async (request) => {
    const { replays, subscription } = await replaysOf(request, platforms)
    const { items, nextCursor } = await replays.list(subscription.name, paging.read(request))
    return paging.answer(request, { items: items.map((replay) => replayView(replay, subscription)), nextCursor })
  })

  app.get(`${path}/:id`, { schema: replaySchemas.one, onRequest, preHandler: slots.wait }, async (request) => {
    const { replays, subscription } = await replaysOf(request, platforms)
    return replayView(await replays.get(subscription.name, request.params.id), subscription)
  })

  for (const change of CHANGES) {
    app.post(
      `${path}/:id/${change}`,
      { schema: replaySchemas[change], onRequest, preHandler: slots.wait },
      async (request) => {
        const { replays, subscription } = await replaysOf(request, platforms)
        const { id } = request.params
        const outcome = await replays.change(subscription.name, id, change)
        if (outcome === 'ended') throw new GatewayError('REPLAY_ENDED', 'the replay has ended')
        return replayView(await replays.get(subscription.name, id), subscription)
      },
    )
  }
}

/** Throws SUBSCRIPTION_NOT_FOUND, FORBIDDEN or EVENT_LOG_OFF. */
async function replaysOf(
  request: FastifyRequest<{ Params: { platform: string; name: string } }>,
  platforms: Deps['platforms'],
): Promise<{ replays: Platform['replays']; subscription: Subscription }> {
  const platform = platformOf(platforms, request.params)
  const subscription = await subscriptionOf(request, platform, 'events:replay')
  assertEventLog(platform)
  return { replays: platform.replays, subscription }
}

function rangeOf(from: string, to: string): { fromMs: number; toMs: number } {
  const [fromMs = 0, toMs = 0] = [instantMs(from), instantMs(to)]
  if (toMs < fromMs) throw new GatewayError('INVALID_REQUEST', 'to is before from')
  if (toMs - fromMs > MAX_DAYS * DAY_MS)
    throw new GatewayError('INVALID_REQUEST', `from and to are more than ${MAX_DAYS} days apart`)
  return { fromMs, toMs }
}

/** Throws REPLAY_NOT_FOUND. */
function replayView(replay: Replay | undefined, { enabled, paused }: Subscription) {
  if (replay === undefined) throw new GatewayError('REPLAY_NOT_FOUND', 'the subscription has no such replay')
  const {
    id,
    status,
    matched,
    delivered,
    failed,
    createdAtMs,
    endedAtMs,
    fromMs,
    toMs,
    onlyUndelivered,
    ratePerSecond,
  } = replay
  return {
    replayId: id,
    status: status === 'running' && (paused || !enabled) ? ('paused' as const) : status,
    matched,
    delivered,
    failed,
    at: new Date(createdAtMs).toISOString(),
    endedAt: endedAtMs === undefined ? null : new Date(endedAtMs).toISOString(),
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    onlyUndelivered,
    ratePerSecond,
  }
}
