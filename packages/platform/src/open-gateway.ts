// Owns: the start that ingress and worker share: connect, wire the platforms, check the number of shards and the
// sealing keys against Redis.
import { setTimeout as delay } from 'node:timers/promises'
import {
  checkSealingKeys,
  connectRedis,
  createProblemWatch,
  createReplicaBarrier,
  createSealer,
  createShardCount,
  NO_REPLICA_BARRIER,
  platformKeys,
  type RedisConnection,
  type RedisRole,
  type ReplicaBarrier,
  type ShardCount,
  versionGap,
} from '@wxgw/redis'
import { type Lifecycle, repeat } from '@wxgw/runtime'
import { GatewayError, pause } from '@wxgw/wechat-core'
import { createPlatforms, type Platforms, type PlatformsDeps } from './create-platforms.ts'
import { keepDeclared } from './declared-subscriptions.ts'
import { createDiagnosis } from './diagnosis/create-diagnosis.ts'
import type { DiagnosisCheck } from './diagnosis/diagnosis.ts'
import { createGatedSealer } from './gated-sealer.ts'
import { createReadiness, type ReadinessCheck } from './readiness.ts'
import { createUnsubscribedEvents, type UnsubscribedEvents } from './unsubscribed-events.ts'

type GatewayDeps = Pick<PlatformsDeps, 'config' | 'hooks' | 'clock' | 'log'> & { lifecycle: Lifecycle }

export type OpenedGateway = {
  platforms: Platforms
  connections: { commands: RedisConnection; subscriber: RedisConnection }
  readiness: ReadinessCheck[]
  diagnosis: DiagnosisCheck[]
  unsubscribed: UnsubscribedEvents
  shardCount: ShardCount
  /** Opens another connection, which is closed with the others. */
  connect(role: RedisRole): RedisConnection
}

const STATISTICS_EVERY_MS = 55_000
const CHECK_RETRY_MS = 200
/**
 * The start waits this long for the check of keys and shards. While Redis is unavailable the check is retried; until it
 * has passed, no secret and no message is read or written.
 */
const FIRST_CHECK_MS = 2_000

/** Does not fail while Redis is unavailable. The lifecycle closes everything opened here, last of all. */
export async function openGateway(deps: GatewayDeps): Promise<OpenedGateway> {
  const { config, lifecycle, hooks, clock, log } = deps

  const [ofBullMq, ofIoredis] = [versionGap('bullmq'), versionGap('ioredis')]
  if (ofBullMq !== undefined) log.warn({ gap: ofBullMq }, 'bullmq.format_unknown')
  if (ofIoredis !== undefined) log.warn({ gap: ofIoredis }, 'ioredis.version_unknown')
  const problems = createProblemWatch({ settings: config.redis, log })

  function connect(role: RedisRole): RedisConnection {
    const connection = connectRedis(config.redis, role, (error) => problems.onError(role, error))
    lifecycle.onStop(`redis ${role}`, () => connection.disconnect())
    return connection
  }

  const connections = { commands: connect('commands'), subscriber: connect('subscriber') }
  const keys = createSealer(config.sealingKeys)
  const sealer = createGatedSealer(keys)
  const replicas = replicaBarrier(connections.commands)
  const shardCount = createShardCount({
    redis: connections.commands,
    configured: config.messageShards,
    marks: config.platforms.map(({ id }) => platformKeys(id).keyCheck),
    rememberedSeconds: Math.max(config.dedupeSeconds, config.eventLogSeconds),
    nowMs: clock.nowMs,
  })
  const platforms = createPlatforms({ config, connections, sealer, shardCount, replicas, hooks, clock, log })
  lifecycle.onStop('platforms', () => platforms.close())
  flushStatistics()
  const startedAtMs = performance.now()
  let unchecked: string | undefined = 'they are being checked'
  await Promise.race([checkInstallation(connections.commands), delay(FIRST_CHECK_MS)])
  if (config.subscriptions) {
    void keepDeclared({ declared: config.subscriptions, platforms: platforms.byId, signal: lifecycle.signal, log })
  }
  const unsubscribed = createUnsubscribedEvents({ platforms: platforms.byId, clock })
  const ofStore = createReadiness({
    redis: connections.commands,
    problems,
    platforms: platforms.byId,
    minReplicas: config.redis.minReplicas,
    replicas,
    shardCount,
    unchecked: () => unchecked,
    clock,
  })
  const readiness = [...ofStore, ...unsubscribed.checks]
  const diagnosis = createDiagnosis({
    config,
    redis: connections.commands,
    readiness,
    platforms: platforms.byId,
    clock,
  })
  return { platforms, connections, connect, readiness, diagnosis, unsubscribed, shardCount }

  /** Periodically, and once more when the process ends. */
  function flushStatistics(): void {
    const flush = async () => {
      for (const { id, statistics } of platforms.byId.values()) {
        await statistics
          .flush()
          .catch((error: unknown) => log.debug({ err: error, platform: id }, 'statistics.not_handed_over'))
      }
    }
    const flushing = repeat({ firstMs: STATISTICS_EVERY_MS, everyMs: STATISTICS_EVERY_MS }, flush)
    lifecycle.onStop('statistics', async () => {
      await flushing.stop()
      await flush()
    })
  }

  function replicaBarrier(commands: RedisConnection): ReplicaBarrier {
    const { redis: settings } = config
    if (settings.minReplicas === 0) return NO_REPLICA_BARRIER
    const barrier = createReplicaBarrier({
      settings,
      commands,
      minReplicas: settings.minReplicas,
      onError: (error) => problems.onError('replicas', error),
    })
    lifecycle.onStop('redis replicas', () => barrier.close())
    return barrier
  }

  /**
   * The shards first: the check of the keys writes a mark, which the check of the shards takes for an older
   * installation.
   */
  async function checkInstallation(redis: RedisConnection): Promise<void> {
    const shards = await retryUntilAnswered(() => shardCount.settle())
    if (shards === undefined) return
    if (shards !== config.messageShards) return lifecycle.fail(new Error(otherShards(config.messageShards, shards)))
    await releaseSealer(redis)
  }

  async function releaseSealer(redis: RedisConnection): Promise<void> {
    for (const { id } of config.platforms) {
      const outcome = await retryUntilAnswered(() =>
        checkSealingKeys({ platform: id, redis, keys: platformKeys(id), sealer: keys }),
      )
      if (outcome === 'ok') continue
      if (outcome === 'mismatch')
        await lifecycle.fail(new Error(`SEALING_KEYS: no key opens what is stored for platform ${id}`))
      return
    }
    sealer.release()
    unchecked = undefined
    void buildIndexes()
  }

  /** Indexes the accounts that earlier versions stored. Filtered lists wait for it or build it themselves. */
  async function buildIndexes(): Promise<void> {
    for (const { id, authorizers } of platforms.byId.values()) {
      await authorizers
        .buildIndex()
        .catch((error: unknown) => log.warn({ err: error, platform: id }, 'authorizers.not_indexed'))
    }
  }

  async function retryUntilAnswered<T>(read: () => Promise<T>): Promise<T | undefined> {
    let logged: string | undefined
    while (!lifecycle.signal.aborted) {
      try {
        return await read()
      } catch (error) {
        const reason = error instanceof GatewayError ? error.message : 'the check failed'
        unchecked = reason
        // Every process fails once, before its connection is ready.
        if (performance.now() - startedAtMs > FIRST_CHECK_MS && reason !== logged) {
          log.warn({ err: error }, 'installation.unchecked')
          logged = reason
        }
        await pause(CHECK_RETRY_MS, lifecycle.signal, { ref: false })
      }
    }
    return undefined
  }
}

function otherShards(configured: number, installed: number): string {
  return (
    `MESSAGE_SHARDS is ${configured}, and what stands in this Redis was spread with MESSAGE_SHARDS=${installed}, which holds for ever: ` +
    `set it to ${installed} in every process, or begin with another Redis or an empty one`
  )
}
