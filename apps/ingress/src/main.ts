// Owns: the ingress process: environment, wiring, signals, exit. With INGRESS_PROCESSES it runs once as the supervisor
// and once in each serving process.
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { createPlatformMetrics, openGateway } from '@wxgw/platform'
import { createConsoleRecords, createEndedSessions } from '@wxgw/redis'
import {
  type Config,
  ConfigError,
  configSummary,
  createLifecycle,
  createLogger,
  createMetrics,
  type ListenerName,
  loadConfig,
  logConfig,
  type Logger,
} from '@wxgw/runtime'
import { systemClock as clock } from '@wxgw/wechat-core'
import { LISTEN_BACKLOG } from './http/limits.ts'
import { createInternalServer, createPublicServer, drain, type ServerDeps } from './index.ts'
import { compileOnce } from './processes/compilation.ts'
import { collectEarly, freeBuffersAtOnce } from './processes/garbage-collection.ts'
import { joinSupervisor } from './processes/join-supervisor.ts'
import { supervise } from './processes/supervise.ts'
import { openPushIntake } from './push/open-push-intake.ts'
import { createPassiveReplies } from './push/passive-replies.ts'
import { createReleaseCheck } from './push/release-check.ts'
import { repliesUnlessStoreAway } from './push/unless-store-away.ts'
import { VERSION } from './version.ts'

/** Drain, then close; below the 30 s that supervisors usually give. */
const STOP_DEADLINE_MS = 20_000
/** Added to WeChat's time-out for the rest of a call, and to a process' time for its supervisor. */
const SPARE_MS = 5_000
const KILL_SPARE_MS = 2_000
/** From `apps/ingress/dist`. */
const CONSOLE_SITE_DIR = fileURLToPath(new URL('../../console/dist/site', import.meta.url))

/** Long enough for a running call to be answered within WeChat's time-out. */
function stopDeadlineMs({ listeners, apiCalls }: Config): number {
  return listeners.includes('internal') ? Math.max(STOP_DEADLINE_MS, apiCalls.timeoutMs + SPARE_MS) : STOP_DEADLINE_MS
}

async function main(): Promise<void> {
  freeBuffersAtOnce()
  collectEarly()
  compileOnce()
  const config = loadConfig({ env: process.env })
  const log = createLogger({ level: config.logLevel, name: 'ingress' })
  if (config.ingressProcesses > 1 && cluster.isPrimary) return superviseProcesses(config, log)
  const lifecycle = createLifecycle({ log, deadlineMs: stopDeadlineMs(config) })
  const metrics = createMetrics({ process: 'ingress' })
  const supervised = cluster.isWorker
    ? joinSupervisor({ channel: process, metrics, stopping: lifecycle.signal })
    : undefined
  try {
    // With several processes the supervisor has logged it.
    if (!supervised) logConfig(config, log)
    const platformMetrics = createPlatformMetrics(metrics)
    const gateway = await openGateway({ config, lifecycle, hooks: platformMetrics.hooks, clock, log })
    platformMetrics.follow(gateway.platforms.byId)
    const { commands } = gateway.connections
    metrics.gauge({
      name: 'wxgw_inboxes_left_out',
      help: 'inboxes of MESSAGE_SHARDS that did not take the last job that was offered to them',
      collect: (gauge) => gauge.set(gateway.platforms.inboxes.leftOut().length),
    })
    const { intake, memory } = await openPushIntake({ config, gateway, lifecycle, clock, metrics, log })
    // With several inboxes, another master may accept the push while the master of the accounts is unavailable.
    const goesOnWithoutStore = config.messageShards > 1 || config.spoolDir !== undefined
    const passiveReplies = createPassiveReplies({ clock, deadlineMs: config.replyDeadlineMs, log })
    const records = createConsoleRecords({
      redis: commands,
      onError: (error) => log.debug({ err: error }, 'records.not_handed_over'),
    })
    lifecycle.onStop('records', async () => {
      await Promise.allSettled([records.audit.flush(), records.refusedCalls.flush()])
    })
    const deps: ServerDeps = {
      config,
      platforms: gateway.platforms.byId,
      intake,
      memory,
      goesOnWithoutStore,
      calls: gateway.platforms.calls,
      log,
      metrics: supervised?.metrics ?? metrics,
      readiness: gateway.readiness,
      diagnosis: gateway.diagnosis,
      settings: configSummary(config),
      clock,
      version: VERSION,
      passiveReplies: goesOnWithoutStore ? repliesUnlessStoreAway(passiveReplies) : passiveReplies,
      releaseCheck: createReleaseCheck({ intake, clock }),
      records,
      console: config.console ? { siteDir: CONSOLE_SITE_DIR, ended: createEndedSessions(commands) } : undefined,
    }
    const listeners = config.listeners.map((name) => ({
      name,
      server: CREATE[name](deps),
      address: addressOf(config, name),
    }))
    lifecycle.onStop('listeners', async () => {
      await Promise.all(listeners.map(({ server }) => drain(server)))
    })
    const urls: Record<string, string> = {}
    for (const { name, server, address } of listeners)
      urls[`${name}Url`] = await server.listen({ ...address, backlog: LISTEN_BACKLOG })
    log.info(urls, 'process.started')
    supervised?.started()
  } catch (error) {
    await lifecycle.fail(error)
  }
}

const CREATE = { public: createPublicServer, internal: createInternalServer } satisfies Record<ListenerName, unknown>

function addressOf({ publicListener, internalListener }: Config, name: ListenerName): { host: string; port: number } {
  const { host, port } = name === 'public' ? publicListener : internalListener
  return { host, port }
}

function superviseProcesses(config: Config, log: Logger): void {
  const lifecycle = createLifecycle({ log, deadlineMs: stopDeadlineMs(config) + SPARE_MS })
  logConfig(config, log)
  const supervisor = supervise({
    cluster,
    main: fileURLToPath(import.meta.url),
    count: config.ingressProcesses,
    metrics: createMetrics({ process: 'ingress' }),
    log,
    killAfterMs: stopDeadlineMs(config) + KILL_SPARE_MS,
    onStartFailed: (error) => void lifecycle.fail(error),
  })
  lifecycle.onStop('processes', (reason) => supervisor.stop(reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM'))
}

main().catch((error: unknown) => {
  // There is no logger yet. A ConfigError names settings, never values.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`)
  process.exit(1)
})
