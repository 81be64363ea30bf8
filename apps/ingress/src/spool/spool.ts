// Owns: keeping authentic pushes on this machine's disk while Redis refuses them, and enqueueing them when it accepts
// them again. Optional (SPOOL_DIR). It does not keep their order. The queue drops duplicates by their ids.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Sealer } from '@wxgw/redis'
import { type Log, type Metrics, repeat } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'
import type { Push, PushOutcome } from '../push/push.ts'
import { claimDirectories } from './claim-directory.ts'
import { type Journal, openJournal, type Taken } from './journal.ts'
import { openSpooledPush, sealPush } from './spooled-push.ts'

/** Redis may refuse messages and still accept tickets and authorizations: neither lane waits for the other. */
type Lane = 'control' | 'messages'

export type Spool = {
  /** Resolves when the push is on the disk. Rejects with STORE_UNAVAILABLE when the spool is full or fails. */
  keep(push: Push): Promise<void>
  /** True: Redis refused lately, so the push is kept at once instead of spending its time on Redis. */
  isHolding(kind: Push['kind']): boolean
  /** True: no push is kept before this one. Waits up to 800 ms for those that are being enqueued. */
  isPassable(kind: Push['kind']): Promise<boolean>
  /**
   * Starts to enqueue the kept pushes and those that earlier processes left. A push that `enqueue` rejects with
   * STORE_UNAVAILABLE stays; one that it rejects otherwise is put aside. Call it once.
   */
  drainInto(enqueue: (push: Push) => Promise<PushOutcome>): void
  close(): Promise<void>
}

type SpoolDeps = {
  dir: string
  sealer: Sealer
  metrics?: Metrics | undefined
  log: Log
}

const MAX_BYTES: Record<Lane, number> = { messages: 224 * 1024 * 1024, control: 32 * 1024 * 1024 }
const DRAIN_EVERY_MS = 500
/** Most of a push's time for Redis. A short spool drains within it, so that new pushes need not be kept behind it. */
const PASSABLE_WITHIN_MS = 800
const PASSABLE_LOOK_MS = 20
const LANES: readonly Lane[] = ['control', 'messages']

/** Rejects when `dir` cannot be used. */
export async function openSpool({ dir, sealer, metrics, log }: SpoolDeps): Promise<Spool> {
  const { own, left } = await claimDirectories(dir)
  const lanes = {
    control: await openLane('control'),
    messages: await openLane('messages'),
  }
  metrics?.gauge({
    name: 'wxgw_spool_bytes',
    help: 'Pushes that wait on the disk for Redis',
    labels: ['lane'],
    collect: (gauge) => {
      for (const lane of LANES) gauge.set({ lane }, lanes[lane].bytes())
    },
  })
  let draining: Array<ReturnType<typeof repeat>> = []

  async function openLane(lane: Lane) {
    const journals = await Promise.all(
      [own, ...left].map((claimed) =>
        openJournal({
          dir: join(claimed.dir, lane),
          maxBytes: MAX_BYTES[lane],
          onDamage: (bytes) => log.warn({ lane, bytes }, 'spool.damaged'),
        }),
      ),
    )
    return createLane({ lane, journals, log })
  }

  async function take(sealed: string, enqueue: (push: Push) => Promise<PushOutcome>): Promise<Taken> {
    const push = openSpooledPush(sealer, sealed)
    if (!push) {
      log.error({}, 'spool.unreadable')
      return 'unreadable'
    }
    try {
      await enqueue(push)
      return 'taken'
    } catch (error) {
      if (isStoreAway(error)) return 'again'
      log.error({ err: error, platform: push.platform, kind: push.kind }, 'spool.unreadable')
      return 'unreadable'
    }
  }

  return {
    keep: (push) => lanes[laneOf(push.kind)].keep(sealPush(sealer, push)),
    isHolding: (kind) => lanes[laneOf(kind)].isHolding(),
    async isPassable(kind) {
      const lane = lanes[laneOf(kind)]
      const untilMs = performance.now() + PASSABLE_WITHIN_MS
      while (lane.bytes() > 0) {
        if (lane.isHolding() || performance.now() > untilMs) return false
        await delay(PASSABLE_LOOK_MS)
      }
      return true
    },
    drainInto(enqueue) {
      const drain = (lane: Lane) => lanes[lane].drain((sealed) => take(sealed, enqueue))
      draining = LANES.map((lane) => repeat({ firstMs: 0, everyMs: DRAIN_EVERY_MS }, () => drain(lane)))
    },
    async close() {
      await Promise.all(draining.map((one) => one.stop()))
      await Promise.all(LANES.map((lane) => lanes[lane].close()))
      await Promise.all([own, ...left].map((claimed) => claimed.release()))
    },
  }
}

function laneOf(kind: Push['kind']): Lane {
  return kind === 'message' ? 'messages' : 'control'
}

type LaneDeps = { lane: Lane; journals: Journal[]; log: Log }
type Take = (sealed: string) => Promise<Taken>

/** The first journal is written to; the others only drain. */
function createLane({ lane, journals, log }: LaneDeps) {
  const [own] = journals
  if (!own) throw new Error('a lane needs a journal')
  const bytes = () => journals.reduce((sum, journal) => sum + journal.bytes(), 0)
  let isHolding = false
  let kept = 0
  let handedOver = 0

  async function drainAll(take: Take): Promise<void> {
    const counted: Take = async (sealed) => {
      const outcome = await take(sealed)
      if (outcome === 'taken') {
        handedOver += 1
        isHolding = false
      }
      return outcome
    }
    for (const journal of journals) if (journal.bytes() > 0 && !(await journal.drain(counted))) return
    if (handedOver === 0) return
    log.info({ lane, kept, handedOver }, 'spool.emptied')
    kept = 0
    handedOver = 0
  }

  return {
    bytes,
    isHolding: () => isHolding,
    async keep(sealed: string): Promise<void> {
      await own.append(sealed)
      kept += 1
      if (!isHolding) log.warn({ lane }, 'spool.holding')
      isHolding = true
    },
    /** Never rejects. */
    async drain(take: Take): Promise<void> {
      try {
        if (bytes() > 0) await drainAll(take)
      } catch (error) {
        // The disk cannot be read now: its records stay and are tried again.
        log.error({ err: error, lane }, 'spool.failed')
      }
    },
    async close(): Promise<void> {
      await Promise.all(journals.map((journal) => journal.close()))
    },
  }
}
