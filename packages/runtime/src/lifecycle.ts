// Owns: how a process ends: the order of the stop functions, their time limit, the exit code. Each part registers its
// own stop function. main.ts is the only caller.
import { within } from '@wxgw/wechat-core'
import type { Log } from './log.ts'

const EXIT_FAILED = 1
/** EX_SOFTWARE of sysexits.h: the supervisor should restart the process. */
const EXIT_CRASHED = 70
// npm forwards a Ctrl-C that the terminal has already sent to the whole group: the same signal within this time counts
// once.
const SAME_SIGNAL_MS = 250

export type Lifecycle = {
  /** Aborts when stopping begins, which ends waiting loops. */
  readonly signal: AbortSignal
  /**
   * Registers a stop function; the last registered runs first. While stopping it runs at once, so that a start in
   * progress is undone too. `reason` is that of `stop`: the name of a signal, or a text.
   */
  onStop(name: string, fn: (reason: string) => Promise<void> | void): void
  /**
   * Stops everything once. Every call gets the same promise, which never rejects. False when a stop function failed or
   * was too slow.
   */
  stop(reason: string): Promise<boolean>
  /** Logs the error, stops what has been started and exits with 1. For a start that failed. */
  fail(error: unknown): Promise<void>
}

/** The part of `process` that is needed. */
type ProcessHost = {
  on(event: 'SIGTERM' | 'SIGINT', listener: (signal: NodeJS.Signals) => void): unknown
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown
  exit(code: number): void
}

type LifecycleDeps = {
  log: Log & { flush?: (done: () => void) => void }
  /** For all parts together; then the process exits with 1. */
  deadlineMs: number
  host?: ProcessHost
  nowMs?: () => number
}

/**
 * SIGTERM and SIGINT drain and exit 0; a second signal exits 1 at once. An uncaught exception or an unhandled rejection
 * is logged without its secrets and ends the process at once with 70: nothing in it can be trusted any more.
 */
export function createLifecycle({ log, deadlineMs, host = process, nowMs = Date.now }: LifecycleDeps): Lifecycle {
  const abort = new AbortController()
  const parts: { name: string; fn: (reason: string) => Promise<void> | void }[] = []
  const late: Promise<boolean>[] = []
  let stopping: Promise<boolean> | undefined
  let stopReason = ''
  let firstSignal: { name: string; atMs: number } | undefined

  async function stopPart({ name, fn }: (typeof parts)[number]): Promise<boolean> {
    try {
      await fn(stopReason)
      return true
    } catch (err) {
      log.error({ err, part: name }, 'process.part-not-stopped')
      return false
    }
  }

  async function stopAll(): Promise<boolean> {
    let isClean = true
    for (let part = parts.pop(); part; part = parts.pop()) {
      if (!(await stopPart(part))) isClean = false
    }
    for (let one = late.pop(); one; one = late.pop()) {
      if (!(await one)) isClean = false
    }
    return isClean
  }

  function stop(reason: string): Promise<boolean> {
    if (stopping) return stopping
    stopReason = reason
    const startedAtMs = nowMs()
    // Deferred: a listener of the abort may still register a stop function or call stop.
    stopping = Promise.resolve()
      .then(() => within(deadlineMs, stopAll()))
      .then((outcome) => {
        const fields = { reason, durationMs: nowMs() - startedAtMs }
        if (outcome === undefined) log.error({ ...fields, deadlineMs }, 'process.stop-too-slow')
        else log.info({ ...fields, clean: outcome }, 'process.stopped')
        return outcome === true
      })
    log.info({ reason }, 'process.stopping')
    abort.abort()
    return stopping
  }

  function exit(code: number) {
    if (log.flush) log.flush(() => host.exit(code))
    else host.exit(code)
  }

  function onSignal(name: NodeJS.Signals) {
    if (firstSignal) {
      if (firstSignal.name === name && nowMs() - firstSignal.atMs < SAME_SIGNAL_MS) return
      log.warn({ signal: name }, 'process.stop-cut-short')
      host.exit(EXIT_FAILED)
      return
    }
    firstSignal = { name, atMs: nowMs() }
    void stop(name).then((isClean) => exit(isClean ? 0 : EXIT_FAILED))
  }

  function onCrash(origin: string, err: unknown) {
    log.error({ err, origin }, 'process.crashed')
    exit(EXIT_CRASHED)
  }

  host.on('SIGTERM', onSignal)
  host.on('SIGINT', onSignal)
  host.on('uncaughtException', (err) => onCrash('uncaughtException', err))
  host.on('unhandledRejection', (err) => onCrash('unhandledRejection', err))

  return {
    signal: abort.signal,
    onStop(name, fn) {
      if (stopping) late.push(stopPart({ name, fn }))
      else parts.push({ name, fn })
    },
    stop,
    async fail(err) {
      log.error({ err }, 'process.start-failed')
      await stop('start failed')
      exit(EXIT_FAILED)
    },
  }
}
