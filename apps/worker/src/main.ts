// Owns: the worker process: its environment, wiring, signals and exit codes.
import { randomUUID } from 'node:crypto'
import { createPlatformMetrics, openGateway } from '@wxgw/platform'
import {
  createLaneReader,
  createMessageRequeue,
  createStrandedLanes,
  createWorkerRegistry,
  isInfoRefused,
  probeWrite,
  READINESS_PROBE_KEY,
  takeableJobs,
} from '@wxgw/redis'
import { ConfigError, createLifecycle, createLogger, createMetrics, loadConfig, logConfig } from '@wxgw/runtime'
import { systemClock as clock } from '@wxgw/wechat-core'
import { startDispatch } from './dispatch.ts'
import { startFigures } from './figures/start-figures.ts'
import { createHealthServer } from './health-server.ts'
import { startInboxWorkers } from './inboxes/inbox-workers.ts'
import { startRepairingLanes } from './inboxes/repair-lanes.ts'
import { createAlarm } from './schedule/alarm.ts'
import { startAudit } from './schedule/audit.ts'
import { startSessionAnnouncements } from './schedule/session-announcements.ts'
import { startStoreWatch } from './schedule/store-watch.ts'
import { startSweep } from './schedule/sweep.ts'
import { startWatchdog } from './schedule/watchdog.ts'
import { startWedgeWatchdog } from './wedge-watchdog.ts'
import { startWorkers } from './workers.ts'

/** Running jobs have 25 s (queue-worker.ts); the other parts close in the remaining time. */
const STOP_DEADLINE_MS = 28_000

/** EX_SOFTWARE of sysexits.h: the supervisor should restart the process. */
const EXIT_WEDGED = 70

async function main(): Promise<void> {
  const config = loadConfig({ env: process.env })
  const log = createLogger({ level: config.logLevel, name: 'worker' })
  const lifecycle = createLifecycle({ log, deadlineMs: STOP_DEADLINE_MS })
  try {
    logConfig(config, log)
    const metrics = createMetrics({ process: 'worker' })
    const platformMetrics = createPlatformMetrics(metrics)
    const gateway = await openGateway({
      config,
      lifecycle,
      hooks: platformMetrics.hooks,
      clock,
      log,
    })
    const platforms = gateway.platforms.byId
    platformMetrics.follow(platforms)
    const connection = gateway.connect('blocking')
    const { queues } = gateway.platforms

    const dispatch = startDispatch({ config, metrics, gateway, connection, clock, log })
    // Unknown while Redis is unavailable at the start: a worker whose user must not call INFO then needs a restart.
    const infoRefused = (await isInfoRefused(gateway.connections.commands)) ?? false
    const { fanOutOf } = dispatch
    const common = { connection, fanOutOf, infoRefused, nowMs: clock.nowMs, log }
    const workers = startWorkers({ ...common, platforms })
    const worker = randomUUID()
    const inboxes = startInboxWorkers({
      ...common,
      count: gateway.shardCount,
      worker,
      registry: createWorkerRegistry(gateway.connections.commands, worker),
      requeue: createMessageRequeue({ queues }),
      orderedOf: dispatch.orderedOf,
      lanes: createLaneReader({ redis: gateway.connections.commands, count: gateway.shardCount, queues }),
    })
    metrics.gauge({
      name: 'wxgw_inboxes_served',
      help: 'inboxes of MESSAGE_SHARDS that this process works on now',
      collect: (gauge) => gauge.set(inboxes.current().length),
    })
    // Concurrently: a fan-out may call a webhook as long as a delivery does, and in sequence the two times would add
    // up.
    lifecycle.onStop('workers', async () => {
      await Promise.all([...workers.map((one) => one.close()), inboxes.close(), dispatch.close()])
    })
    const alarm = createAlarm({ platforms, nowMs: clock.nowMs, log })
    const sweep = startSweep({ platforms, intervalSeconds: config.sweepIntervalSeconds, alarm, log })
    lifecycle.onStop('sweep', () => sweep.stop())
    const watches = [
      startFigures({
        platforms: [...platforms.values()],
        redis: gateway.connections.commands,
        shardCount: gateway.shardCount,
        metrics,
        clock,
        log,
      }),
      startWatchdog({ platforms, nowMs: clock.nowMs, alarm, log }),
      startStoreWatch({ platforms, alarm, log }),
      startAudit({ platforms, log }),
      startSessionAnnouncements({ platforms, log }),
      startRepairingLanes({
        count: gateway.shardCount,
        stranded: createStrandedLanes({ redis: gateway.connections.commands, queues }),
        log,
      }),
    ]
    lifecycle.onStop('watches', async () => {
      await Promise.all(watches.map((watch) => watch.stop()))
    })

    const wedgeWatchdog = startWedgeWatchdog({
      queues: () => [...workers, ...inboxes.current(), ...dispatch.deliveryWorkers()],
      waiting: (queue) => takeableJobs(queues.open(queue)),
      probe: () => probeWrite(gateway.connections.commands, READINESS_PROBE_KEY),
      onWedged: (queue) => {
        log.error({ queue }, 'worker.wedged')
        log.flush(() => process.exit(EXIT_WEDGED))
      },
      log,
    })
    lifecycle.onStop('wedge watchdog', () => wedgeWatchdog.stop())

    const health = createHealthServer({ readiness: gateway.readiness, metrics })
    lifecycle.onStop('health', () => health.close())
    const url = await health.listen({ ...config.workerListener })
    log.info({ url }, 'process.started')
  } catch (error) {
    await lifecycle.fail(error)
  }
}

main().catch((error: unknown) => {
  // There is no logger yet. A ConfigError names settings, never values.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`)
  process.exit(1)
})
