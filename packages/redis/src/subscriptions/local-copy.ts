// Owns: this process' cache of all subscriptions, so that matching an event reads nothing from Redis. Only changed
// subscriptions are read again; the others keep their objects.
import { inheritMatcher, type Subscription } from '@wxgw/contracts'
import type { Records, RecordStore } from './record-store.ts'
import type { SubscriptionRecord } from './subscription-record.ts'

type CopyState = {
  version: string
  /** In the order of their names; the same array while nothing changes. */
  subscriptions: readonly Subscription[]
  byName: ReadonlyMap<string, SubscriptionRecord>
}

type LocalCopy = {
  /**
   * The cached state has every change that is older than `maxAgeMs`. Concurrent callers share one read of the version.
   */
  get(maxAgeMs: number): Promise<CopyState>
  /** The cached state if it is young enough; never reads from Redis. */
  peek(maxAgeMs: number): CopyState | undefined
  /** Call it after a change by this process. */
  forget(): void
}

/** `startedAtMs` undefined: the read is scheduled but not sent yet, so new callers may share it. */
type Reading = { startedAtMs: number | undefined; state: Promise<CopyState> }

/**
 * All records are read again when another server answers, because after a failover the same versions may stand for
 * other changes. They are also read again after this time: a Redis that was emptied and filled again is the same
 * server.
 */
const WHOLE_EVERY_MS = 600_000

export function createLocalCopy(deps: {
  records: Pick<RecordStore, 'server' | 'version' | 'readAll' | 'readChanges'>
  /** Called for a subscription that is gone. */
  onGone: (subscription: Subscription) => void
}): LocalCopy {
  const { records, onGone } = deps
  const nothing: CopyState = { version: '0', subscriptions: [], byName: new Map() }
  let known: { state: CopyState; asOfMs: number } | undefined
  /** When all records were read last, and from which server. */
  let whole: { atMs: number; server: unknown } = { atMs: -Infinity, server: undefined }
  let reading: Reading | undefined
  let forgotten = 0

  async function readWhole(before: CopyState, from: typeof whole): Promise<CopyState> {
    const { version, records: all } = await records.readAll(before.byName)
    whole = from
    return arrange(version, { before, byName: new Map(), changes: all })
  }

  async function readOn(before: CopyState, from: typeof whole): Promise<CopyState> {
    if ((await records.version()) === before.version) return before
    const changes = await records.readChanges(before.version)
    if (!changes) return readWhole(before, from)
    return arrange(changes.version, { before, byName: new Map(before.byName), changes: changes.records })
  }

  async function read(startedAtMs: number): Promise<CopyState> {
    const since = forgotten
    // Read the server first: if another one answers the next commands, all records are read once more later.
    const from = { atMs: startedAtMs, server: await records.server() }
    const before = known?.state ?? nothing
    const isWholeDue = !known || from.server !== whole.server || startedAtMs - whole.atMs >= WHOLE_EVERY_MS
    const state = await (isWholeDue ? readWhole : readOn)(before, from)
    const gone = before.subscriptions.filter(({ name }) => !state.byName.has(name))
    gone.forEach(onGone)
    // A read that was sent before our own change may lack it.
    known = { state, asOfMs: since === forgotten ? startedAtMs : -Infinity }
    return state
  }

  function peek(maxAgeMs: number, now = performance.now()): CopyState | undefined {
    // An answer is as old as its request: Redis may have read just before a change.
    return known && now - known.asOfMs <= maxAgeMs ? known.state : undefined
  }

  return {
    peek,
    get(maxAgeMs) {
      const now = performance.now()
      const fresh = peek(maxAgeMs, now)
      if (fresh) return Promise.resolve(fresh)
      if (reading && (reading.startedAtMs === undefined || now - reading.startedAtMs <= maxAgeMs)) return reading.state
      const mine: Reading = {
        startedAtMs: undefined,
        state: begun().then(() => read((mine.startedAtMs = performance.now()))),
      }
      reading = mine
      const done = () => {
        if (reading === mine) reading = undefined
      }
      mine.state.then(done, done)
      return mine.state
    },
    forget() {
      forgotten += 1
      if (known) known = { ...known, asOfMs: -Infinity }
      reading = undefined
    },
  }
}

/** Resolves after one turn of the event loop, so that all callers of one moment share a read. */
function begun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

type Changed = { before: CopyState; byName: Map<string, SubscriptionRecord>; changes: Records }

function arrange(version: string, { before, byName, changes }: Changed): CopyState {
  for (const [name, record] of changes) {
    if (record === undefined || record.deleting === true) byName.delete(name)
    else byName.set(name, record)
  }
  const subscriptions = [...byName.values()].map(({ subscription }) => subscription)
  subscriptions.sort((left, right) => (left.name < right.name ? -1 : 1))
  if (isSame(subscriptions, before.subscriptions)) return { version, subscriptions: before.subscriptions, byName }
  inheritMatcher(subscriptions, before.subscriptions)
  return { version, subscriptions, byName }
}

function isSame(left: readonly Subscription[], right: readonly Subscription[]): boolean {
  return left.length === right.length && left.every((subscription, index) => subscription === right[index])
}
