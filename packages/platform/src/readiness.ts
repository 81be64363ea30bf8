// Owns: the readiness checks of both processes.
import { setTimeout as delay } from 'node:timers/promises'
import {
  anyKeyOf,
  COMPONENT_EVENTS_QUEUE,
  evictionPolicy,
  fewestReplicas,
  inboxProbeKey,
  persistenceGap,
  probeWrite,
  platformKeys,
  type ProblemWatch,
  READINESS_PROBE_KEY,
  type RedisConnection,
  redisTimeMs,
  type ReplicaBarrier,
  replicationRole,
  type ShardCount,
  versionGap,
} from '@wxgw/redis'
import { type Clock, GatewayError, isStoreAway } from '@wxgw/wechat-core'
import type { Platform } from './platform.ts'

/** `reason` contains nothing that must not be public. */
type ReadinessOutcome = { name: string; ok: boolean; reason?: string }

export type ReadinessCheck = {
  name: string
  /** undefined = ready, else a short reason that may be public. */
  check(): Promise<string | undefined>
  /** A failure is a warning: the process stays ready. */
  warnsOnly?: boolean
}

type ReadinessReport = { status: 'ready' | 'not ready'; checks: ReadinessOutcome[]; warnings: string[] }

type ReadinessReports = (options?: { isDraining?: boolean }) => Promise<ReadinessReport>

const TICKET_LIFETIME_MS = 12 * 3600_000
/** A greater skew to Redis' clock runs delayed jobs at a wrong time and gives pushes a wrong age. */
const MAX_SKEW_MS = 2_000
/** A check that takes longer has failed: probes have a time-out too. */
const CHECK_TIMEOUT_MS = 1_500
const INBOX_TIMEOUT_MS = 1_000
const REPORT_EVERY_MS = 100

type ReadinessDeps = {
  redis: RedisConnection
  problems: Pick<ProblemWatch, 'explain'>
  platforms: ReadonlyMap<string, Platform>
  /** REDIS_MIN_REPLICAS: with fewer, pushes are refused. */
  minReplicas: number
  replicas: Pick<ReplicaBarrier, 'confirmed'>
  shardCount: Pick<ShardCount, 'get'>
  /** Why MESSAGE_SHARDS and SEALING_KEYS are not checked against Redis yet; undefined: they are. */
  unchecked(): string | undefined
  clock: Clock
}

export function createReadiness(deps: ReadinessDeps): ReadinessCheck[] {
  const { redis, problems, platforms, minReplicas, shardCount, unchecked, clock } = deps
  return [
    {
      name: 'redis-writes',
      // The process is useful as long as one inbox accepts messages.
      check: () =>
        Promise.any(probeKeys(shardCount).map((key) => probeWrite(redis, key))).then(
          () => refusingUntilChecked(unchecked()),
          async (failed: unknown) => {
            const error: unknown = failed instanceof AggregateError ? failed.errors[0] : failed
            return `Redis cannot be reached or takes no writes: ${await problems.explain(error)}`
          },
        ),
    },
    { name: 'redis-inboxes', warnsOnly: true, check: () => checkInboxes(redis, probeKeys(shardCount)) },
    {
      name: 'redis-policy',
      check: () =>
        evictionPolicy(redis).then(
          (policy) =>
            policy === undefined || policy === 'noeviction'
              ? undefined
              : `maxmemory-policy is ${policy}, not noeviction`,
          () => 'Redis cannot be reached',
        ),
    },
    {
      name: 'redis-role',
      check: () =>
        replicationRole(redis).then(
          (role) => (role === undefined || role === 'master' ? undefined : 'Redis is a replica, not the master'),
          () => 'Redis cannot be reached',
        ),
    },
    ...(minReplicas > 0 ? [{ name: 'redis-replicas', check: () => checkReplicas(deps) }] : []),
    { name: 'clock', check: () => checkClock(redis, clock) },
    // `redis-writes` reports an unavailable Redis.
    { name: 'redis-persistence', warnsOnly: true, check: () => persistenceGap(redis).catch(nothing) },
    { name: 'bullmq', warnsOnly: true, check: async () => versionGap('bullmq') },
    { name: 'ioredis', warnsOnly: true, check: async () => versionGap('ioredis') },
    ...[...platforms.values()].map((platform) => ({
      name: `ticket-${platform.id}`,
      check: () => checkTicket(platform, clock),
    })),
  ]
}

function refusingUntilChecked(reason: string | undefined): string | undefined {
  if (reason === undefined) return undefined
  return `MESSAGE_SHARDS and SEALING_KEYS are not checked against Redis yet, and what depends on them is refused: ${reason}`
}

/** Runs all at once; never rejects, and never takes longer than 1.5 s. A warning reads `name: reason`. */
export async function reportReadiness(all: readonly ReadinessCheck[]): Promise<ReadinessReport> {
  const outcomes = await Promise.all(all.map(runCheck))
  const checks = outcomes.filter((_, index) => all[index]?.warnsOnly !== true)
  const warnings = outcomes.flatMap(({ name, ok, reason }, index) =>
    all[index]?.warnsOnly && !ok ? [`${name}: ${reason}`] : [],
  )
  return { status: checks.every(({ ok }) => ok) ? 'ready' : 'not ready', checks, warnings }
}

/**
 * Runs the checks at most once in 100 ms. Requests that come in between wait for the next run and share its result:
 * `/readyz` needs no key, and with 64 inboxes a run costs Redis 130 writes.
 */
export function createReadinessReports(all: readonly ReadinessCheck[]): ReadinessReports {
  let startedAtMs = -Infinity
  let next: Promise<ReadinessReport> | undefined

  async function run(): Promise<ReadinessReport> {
    await delay(Math.max(startedAtMs + REPORT_EVERY_MS - performance.now(), 0))
    startedAtMs = performance.now()
    next = undefined
    return reportReadiness(all)
  }

  return async ({ isDraining = false } = {}) => {
    next ??= run()
    const shared = await next
    if (!isDraining) return shared
    const serving = { name: 'serving', ok: false, reason: 'shutting down' }
    return { ...shared, status: 'not ready', checks: [...shared.checks, serving] }
  }
}

async function runCheck({ name, check }: ReadinessCheck): Promise<ReadinessOutcome> {
  const timeout = new AbortController()
  const late = delay(CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`, { signal: timeout.signal })
  // `late` rejects only when it is aborted here: that must not be an unhandled rejection.
  late.catch(() => undefined)
  try {
    const reason = await Promise.race([check(), late])
    return reason === undefined ? { name, ok: true } : { name, ok: false, reason }
  } catch {
    // An error's text may contain anything, so it is not shown.
    return { name, ok: false, reason: 'the check failed' }
  } finally {
    timeout.abort()
  }
}

/** A key per inbox. One key for all with a single inbox, and while their number is unknown. */
function probeKeys(shardCount: Pick<ShardCount, 'get'>): string[] {
  const keys = inboxProbeKeys(shardCount)
  return keys.length > 1 ? keys : [READINESS_PROBE_KEY]
}

/** Empty while their number is unknown. */
function inboxProbeKeys(shardCount: Pick<ShardCount, 'get'>): string[] {
  try {
    return Array.from({ length: shardCount.get() }, (_, index) => inboxProbeKey(index))
  } catch (error) {
    if (isStoreAway(error)) return []
    throw error
  }
}

/** Which of several inboxes take no writes. When none does, `redis-writes` reports it. */
async function checkInboxes(redis: RedisConnection, keys: readonly string[]): Promise<string | undefined> {
  const late = new AbortController()
  const outcomes = await Promise.all(
    keys.map(async (key) => {
      const probe = probeWrite(redis, key).then(
        () => true,
        () => false,
      )
      return Promise.race([probe, delay(INBOX_TIMEOUT_MS, false, { signal: late.signal }).catch(() => false)])
    }),
  )
  late.abort()
  const away = outcomes.flatMap((takesWrites, index) => (takesWrites ? [] : [index]))
  if (away.length === 0 || away.length === keys.length) return undefined
  return `${away.length} of ${keys.length} inboxes take no writes and are passed over: ${away.join(', ')}`
}

/**
 * First counts the connected replicas, because that names the master; then confirms a write as a push does, because a
 * counted replica may still not acknowledge writes.
 */
async function checkReplicas({
  redis,
  minReplicas,
  replicas,
  platforms,
  shardCount,
}: ReadinessDeps): Promise<string | undefined> {
  try {
    const fewest = await fewestReplicas(redis)
    if (!fewest) return 'INFO is forbidden, and without it REDIS_MIN_REPLICAS confirms nothing: allow it, or set 0'
    if (fewest.replicas < minReplicas) {
      const has = `the master ${fewest.master} has ${fewest.replicas} replicas`
      return `${has}, and REDIS_MIN_REPLICAS is ${minReplicas}: pushes are refused until they are back`
    }
  } catch {
    return 'Redis cannot be reached'
  }
  const ofPlatforms = [...platforms.keys()].map((id) => platformKeys(id).ticket)
  const keys = [...inboxProbeKeys(shardCount), anyKeyOf(COMPONENT_EVENTS_QUEUE), ...ofPlatforms]
  try {
    await Promise.all(keys.map((key) => replicas.confirmed(key, async () => undefined)))
    return undefined
  } catch (error) {
    return `pushes are refused: ${error instanceof GatewayError ? error.message : 'a master cannot be reached'}`
  }
}

/** Redis reads its clock between our two reads of ours; a difference within that interval is no skew. */
async function checkClock(redis: RedisConnection, clock: Clock): Promise<string | undefined> {
  try {
    const beforeMs = clock.nowMs()
    const theirsMs = await redisTimeMs(redis)
    const afterMs = clock.nowMs()
    const skewMs = Math.max(theirsMs - afterMs, beforeMs - theirsMs, 0)
    return skewMs <= MAX_SKEW_MS ? undefined : `the clock is ${Math.round(skewMs / 1000)} s away from Redis' clock`
  } catch {
    return 'Redis cannot be reached'
  }
}

async function checkTicket(platform: Platform, clock: Clock): Promise<string | undefined> {
  try {
    const ticket = await platform.tickets.status()
    if (!ticket) return 'WeChat has not pushed a component_verify_ticket yet'
    return clock.nowMs() - ticket.receivedAtMs < TICKET_LIFETIME_MS
      ? undefined
      : 'the component_verify_ticket is older than 12 hours'
  } catch {
    // The checks of Redis report the cause.
    return 'Redis cannot be reached'
  }
}

function nothing(): undefined {
  return undefined
}
