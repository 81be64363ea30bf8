// Owns: several ingress processes behind the same two ports: starts them, restarts one that ends, and stops them
// together. Serves nothing itself. Node's cluster module distributes connections round robin; a kept-alive one stays
// with its process.
import type { Cluster, Worker } from 'node:cluster'
import type { Log, Metrics } from '@wxgw/runtime'
import { backoffMs } from '@wxgw/wechat-core'
import { closeUndelivered } from './close-undelivered.ts'
import { createMetricsCollector } from './collect-metrics.ts'
import { parseToSupervisor, type ToProcess, type ToSupervisor } from './messages.ts'

// A process that ends is restarted after 0.1 s, then 0.2, 0.4, 0.8, 1.6, 3.2, 6.4 and every 10 s. After a minute of
// service the delay starts again at 0.1 s. The delays before the longest one add up to 12.7 s, enough for Redis to
// restart.
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 10_000
const STABLE_AFTER_MS = 60_000
type Supervisor = {
  /**
   * Stops all of them with the signal that this process got (a terminal has sent it to them already). Rejects when one
   * did not drain.
   */
  stop(signal: NodeJS.Signals): Promise<void>
}

type Slot = {
  name: string
  worker: Worker | undefined
  startedAtMs: number
  isServing: boolean
  endings: number
  timer: NodeJS.Timeout | undefined
}

type Deps = {
  cluster: Pick<Cluster, 'fork' | 'setupPrimary'>
  /** The module that each of them runs. */
  main: string
  count: number
  metrics: Metrics
  log: Log
  /** Longer than a process takes to drain, shorter than the supervisor's own deadline. */
  killAfterMs: number
  nowMs?: () => number
  /** All first processes ended before one could serve: they share the cause. */
  onStartFailed(error: Error): void
}

export function supervise({
  cluster,
  main,
  count,
  metrics,
  log,
  killAfterMs,
  nowMs = Date.now,
  onStartFailed,
}: Deps): Supervisor {
  const slots = Array.from({ length: count }, (_, index): Slot => {
    return { name: String(index), worker: undefined, startedAtMs: 0, isServing: false, endings: 0, timer: undefined }
  })
  let hasServed = false
  let isStopping = false
  let onAllEnded = () => {}
  const unclean: string[] = []

  const restarts = metrics.counter({
    name: 'wxgw_ingress_restarts_total',
    help: 'Ingress processes that ended by themselves and were started again',
  })
  metrics.gauge({
    name: 'wxgw_ingress_processes',
    help: 'Ingress processes that serve',
    collect: (gauge) => gauge.set(slots.filter(({ isServing }) => isServing).length),
  })
  const collector = createMetricsCollector({
    ask: (id) => slots.filter((slot) => send(slot, { kind: 'metrics-wanted', id })).map(({ name }) => name),
  })
  // By the path of its module, because this process may have been started by another file.
  cluster.setupPrimary({ exec: main, args: [] })
  for (const slot of slots) start(slot)

  function start(slot: Slot): void {
    const worker = cluster.fork()
    closeUndelivered(worker.process)
    Object.assign(slot, { worker, startedAtMs: nowMs(), timer: undefined })
    worker.on('message', (received: unknown) => {
      const message = parseToSupervisor(received)
      if (message) onMessage(slot, message)
    })
    // A broken channel ends the process; its `exit` is handled.
    worker.on('error', (err) => log.warn({ err, slot: slot.name }, 'process.channel-failed'))
    worker.once('exit', (code: number | null, endedBy: string | null) => ended(slot, code, endedBy))
  }

  function onMessage(slot: Slot, message: ToSupervisor): void {
    switch (message.kind) {
      case 'started':
        hasServed = true
        slot.isServing = true
        return
      case 'all-metrics-wanted':
        void answerScrape(slot, message.id)
        return
      case 'metrics':
        collector.answered(slot.name, message.id, message.metrics)
        return
      default:
        message satisfies never
    }
  }

  async function answerScrape(slot: Slot, id: number): Promise<void> {
    const [own, others] = await Promise.all([metrics.snapshot(), collector.collect()])
    send(slot, { kind: 'all-metrics', id, all: [{ slot: 'supervisor', metrics: own }, ...others] })
  }

  function ended(slot: Slot, code: number | null, endedBy: string | null): void {
    const { worker, startedAtMs } = slot
    Object.assign(slot, { worker: undefined, isServing: false })
    const fields = { slot: slot.name, endedPid: worker?.process.pid, code, endedBy }
    if (isStopping) {
      if (code !== 0) unclean.push(slot.name)
      if (slots.every((one) => one.worker === undefined)) onAllEnded()
      return
    }
    if (!hasServed && code !== 0) {
      onStartFailed(new Error('an ingress process could not start'))
      return
    }
    if (nowMs() - startedAtMs >= STABLE_AFTER_MS) slot.endings = 0
    const delayMs = backoffMs(slot.endings, { firstMs: FIRST_DELAY_MS, longestMs: LONGEST_DELAY_MS })
    slot.endings += 1
    restarts.inc()
    log.warn({ ...fields, delayMs }, 'process.restarting')
    slot.timer = setTimeout(() => start(slot), delayMs)
  }

  return {
    async stop(signal) {
      isStopping = true
      for (const slot of slots) clearTimeout(slot.timer)
      const running = slots.filter(({ worker }) => worker !== undefined)
      if (running.length === 0) return
      const allEnded = new Promise<void>((resolve) => (onAllEnded = resolve))
      const kill = setTimeout(() => {
        for (const { worker } of running) worker?.process.kill('SIGKILL')
      }, killAfterMs)
      for (const slot of running) send(slot, { kind: 'stop', signal })
      await allEnded
      clearTimeout(kill)
      if (unclean.length > 0) throw new Error(`ingress processes that did not drain: ${unclean.join(', ')}`)
    },
  }
}

function send({ worker }: Slot, message: ToProcess): boolean {
  if (!worker?.isConnected()) return false
  worker.send(message, (error) => void error)
  return true
}
