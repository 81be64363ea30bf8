// Owns: the worker process: its environment, its wiring, its signals and its exit. Nothing here is decided twice.
import { openGateway } from '@wxgw/platform'
import { ConfigError, configSummary, createLifecycle, createLogger, createMetrics, loadConfig } from '@wxgw/runtime'
import { systemClock as clock } from '@wxgw/wechat-core'
import { startDispatch } from './dispatch.ts'
import { createHealthServer } from './health-server.ts'
import { startSweep } from './schedule/sweep.ts'
import { startWatchdog } from './schedule/watchdog.ts'
import { startWorkers } from './workers.ts'

/** Jobs in hand get 25 s (queue-worker.ts), then the rest is closed. */
const STOP_DEADLINE_MS = 28_000

async function main(): Promise<void> {
  const config = loadConfig({ env: process.env })
  const log = createLogger({ level: config.logLevel, name: 'worker' })
  const lifecycle = createLifecycle({ log, deadlineMs: STOP_DEADLINE_MS })
  try {
    log.info(configSummary(config), 'process.starting')
    const gateway = await openGateway({ config, lifecycle, clock, log })
    const platforms = gateway.platforms.byId
    const connection = gateway.connect('blocking')

    const dispatch = startDispatch({ config, gateway, connection, clock, log })
    lifecycle.onStop('deliveries', () => dispatch.close())
    const workers = startWorkers({ connection, platforms, fanOutOf: dispatch.fanOutOf, nowMs: clock.nowMs, log })
    lifecycle.onStop('workers', async () => {
      await Promise.all(workers.map((worker) => worker.close()))
    })
    const sweep = startSweep({ platforms, intervalSeconds: config.sweepIntervalSeconds, log })
    lifecycle.onStop('sweep', () => sweep.stop())
    const watchdog = startWatchdog({ platforms, nowMs: clock.nowMs, log })
    lifecycle.onStop('watchdog', () => watchdog.stop())

    const health = createHealthServer({ readiness: gateway.readiness, metrics: createMetrics({ process: 'worker' }) })
    lifecycle.onStop('health', () => health.close())
    const url = await health.listen({ ...config.workerListener })
    log.info({ url }, 'process.started')
  } catch (error) {
    await lifecycle.fail(error)
  }
}

main().catch((error: unknown) => {
  // Before there is a logger, there is only stderr; a ConfigError names settings, never values.
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`)
  process.exit(1)
})
