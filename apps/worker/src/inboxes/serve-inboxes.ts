// Owns: which inboxes this process works on: the only one, or its share of several, as other workers come and go. The
// share and the registry of live workers are in packages/redis.
import { DEAD_AFTER_MS, inboxesOf, type QueueWorker, type ShardCount, type WorkerRegistry } from '@wxgw/redis'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

/** A worker of one inbox. */
type InboxWorker = Pick<QueueWorker, 'queue' | 'active' | 'taken' | 'hasRoom' | 'setConcurrency' | 'close'>

export type ServeInboxesDeps = {
  count: Pick<ShardCount, 'known'>
  /** This worker's name in the registry. */
  worker: string
  registry: WorkerRegistry
  open(inbox: number, concurrency: number): InboxWorker
  /** Jobs at once, of all inboxes together. */
  concurrency: number
  log: Log
  everyMs?: number
  nowMs?: () => number
}

export type ServedInboxes = {
  /** The workers that take jobs now. */
  current(): readonly InboxWorker[]
  /** Takes no more jobs and waits for the running ones. Never rejects. */
  close(): Promise<void>
}

const BEAT_EVERY_MS = 1_000
/** With one inbox no worker takes over from another. */
const UNSHARED_BEAT_EVERY_MS = 2_000
/** An inbox of another worker is served until then: by that time the other worker knows that it is its own. */
const LEFT_AFTER_MS = 3_000
/** The concurrency of one inbox, however many there are. */
const LEAST_AT_ONCE = 2

/**
 * Begins when the number of inboxes is known. With one inbox there is nothing to share: the diagnosis needs the
 * heartbeat.
 */
export function serveInboxes(deps: ServeInboxesDeps): ServedInboxes {
  const { count, worker, registry, open, concurrency, log, everyMs = BEAT_EVERY_MS } = deps
  const { nowMs = () => performance.now() } = deps
  const serving = new Map<number, InboxWorker>()
  /** For each served inbox that belongs to another worker: since when. */
  const leftSinceMs = new Map<number, number>()
  const closing = new Set<Promise<void>>()
  let lastBeatMs: number | undefined
  let heartbeats: Repetition | undefined
  let isClosed = false

  function serve(wanted: readonly number[]): void {
    const each = Math.max(Math.ceil(concurrency / Math.max(wanted.length, 1)), LEAST_AT_ONCE)
    for (const inbox of wanted) {
      leftSinceMs.delete(inbox)
      const known = serving.get(inbox)
      if (known) known.setConcurrency(each)
      else serving.set(inbox, open(inbox, each))
    }
    for (const inbox of [...serving.keys()].filter((one) => !wanted.includes(one))) {
      const sinceMs = leftSinceMs.get(inbox) ?? nowMs()
      leftSinceMs.set(inbox, sinceMs)
      if (nowMs() - sinceMs >= LEFT_AFTER_MS) leave(inbox)
    }
  }

  function leave(inbox: number): void {
    const left = serving.get(inbox)
    serving.delete(inbox)
    leftSinceMs.delete(inbox)
    if (!left) return
    const ended = left.close().finally(() => closing.delete(ended))
    closing.add(ended)
  }

  async function share(inboxes: number): Promise<void> {
    const all = Array.from({ length: inboxes }, (_, index) => index)
    try {
      const alive = await registry.beat()
      lastBeatMs = nowMs()
      if (!isClosed) serve(inboxesOf(worker, alive, inboxes))
    } catch (error) {
      log.debug({ err: error }, 'inboxes.not_shared')
      // Without the registry a dead worker's inboxes would not be noticed: serve all.
      if (!isClosed && (lastBeatMs === undefined || nowMs() - lastBeatMs > DEAD_AFTER_MS)) serve(all)
    }
  }

  async function beat(): Promise<void> {
    try {
      await registry.beat()
    } catch (error) {
      log.debug({ err: error }, 'worker.heartbeat_missed')
    }
  }

  void count.known.then((inboxes) => {
    if (isClosed) return
    if (inboxes === 1) {
      serve([0])
      heartbeats = repeat({ firstMs: 0, everyMs: UNSHARED_BEAT_EVERY_MS }, beat)
    } else {
      heartbeats = repeat({ firstMs: 0, everyMs }, () => share(inboxes))
    }
  })

  async function leaveRegistry(): Promise<void> {
    try {
      await registry.leave()
    } catch (error) {
      // The others notice the missing heartbeat.
      log.debug({ err: error }, 'inboxes.not_left')
    }
  }

  return {
    current: () => [...serving.values()],
    async close() {
      isClosed = true
      await heartbeats?.stop()
      if (heartbeats) void leaveRegistry()
      await Promise.all([...serving.values()].map((one) => one.close()))
      await Promise.all(closing)
    },
  }
}
