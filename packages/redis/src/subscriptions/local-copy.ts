// Owns: the copy of all subscriptions in this process, so that matching an event costs no Redis and a change is seen
// soon. A change costs what changed: what did not is the same object as before.
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
   * Not older than `maxAgeMs`: what was changed longer ago than that is in it. One read of the version for all who ask
   * meanwhile.
   */
  get(maxAgeMs: number): Promise<CopyState>
  /** What `get` would answer without a question to Redis. */
  peek(maxAgeMs: number): CopyState | undefined
  /** After a change of our own. */
  forget(): void
}

/** `startedAtMs` is unset until Redis is asked: whoever comes before that gets an answer to his own question, too. */
type Reading = { startedAtMs: number | undefined; state: Promise<CopyState> }

/**
 * Everything is read when another server answers: a failover that loses changes gives their versions to others. And
 * after this time in any case, whatever the version is: a Redis that was emptied and filled again is the same server.
 */
const WHOLE_EVERY_MS = 600_000

export function createLocalCopy(deps: {
  records: Pick<RecordStore, 'server' | 'version' | 'readAll' | 'readChanges'>
  /** Was there and is gone. */
  onGone: (subscription: Subscription) => void
}): LocalCopy {
  const { records, onGone } = deps
  const nothing: CopyState = { version: '0', subscriptions: [], byName: new Map() }
  let known: { state: CopyState; asOfMs: number } | undefined
  /** When everything was read last, and from whom. */
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
    // Asked first: what comes from a server after that one is then read from it once more.
    const from = { atMs: startedAtMs, server: await records.server() }
    const before = known?.state ?? nothing
    const isWholeDue = !known || from.server !== whole.server || startedAtMs - whole.atMs >= WHOLE_EVERY_MS
    const state = await (isWholeDue ? readWhole : readOn)(before, from)
    const gone = before.subscriptions.filter(({ name }) => !state.byName.has(name))
    gone.forEach(onGone)
    // What was asked before a change of our own may not know it.
    known = { state, asOfMs: since === forgotten ? startedAtMs : -Infinity }
    return state
  }

  function peek(maxAgeMs: number, now = performance.now()): CopyState | undefined {
    // An answer is as old as its question: Redis may have read just before the change.
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

/** When the event loop has gone round, so that all who ask at one moment ask once. */
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
