// Owns: the copy of all subscriptions in this process, so that matching an event costs no Redis and a change is seen soon. A change
// costs what changed: what did not is the same object as before.
import type { Subscription } from '@wxgw/contracts'
import type { Records, RecordStore } from './record-store.ts'
import type { SubscriptionRecord } from './subscription-record.ts'

export type CopyState = {
  version: string
  /** In the order of their names; the same array while nothing changes. */
  subscriptions: readonly Subscription[]
  byName: ReadonlyMap<string, SubscriptionRecord>
}

export type LocalCopy = {
  /** Not older than `maxAgeMs`: what was changed longer ago than that is in it. One read of the version for all who ask meanwhile. */
  get(maxAgeMs: number): Promise<CopyState>
  /** What `get` would answer without a question to Redis. */
  peek(maxAgeMs: number): CopyState | undefined
  /** After a change of our own. */
  forget(): void
}

/** `startedAtMs` is unset until Redis is asked: whoever comes before that gets an answer to his own question, too. */
type Reading = { startedAtMs: number | undefined; state: Promise<CopyState> }

/** A failover that loses changes gives their versions to others. A change after this time then makes everything be read. */
const WHOLE_EVERY_MS = 600_000

export function createLocalCopy(deps: {
  records: Pick<RecordStore, 'version' | 'readAll' | 'readChanges'>
  /** Was there and is gone. */
  onGone: (subscription: Subscription) => void
}): LocalCopy {
  const { records, onGone } = deps
  let known: { state: CopyState; asOfMs: number } | undefined
  let wholeAtMs = -Infinity
  let reading: Reading | undefined
  let forgotten = 0

  async function whole(startedAtMs: number): Promise<CopyState> {
    const { version, records: all } = await records.readAll()
    wholeAtMs = startedAtMs
    return arrange(version, new Map(), all)
  }

  async function changed(before: CopyState): Promise<CopyState> {
    const changes = await records.readChanges(before.version)
    return changes ? arrange(changes.version, before.byName, changes.records) : whole(performance.now())
  }

  async function read(startedAtMs: number): Promise<CopyState> {
    const before = known?.state
    const since = forgotten
    // What was asked before a change of our own may not know it.
    const asOfMs = () => (since === forgotten ? startedAtMs : -Infinity)
    if (before && (await records.version()) === before.version) {
      known = { state: before, asOfMs: asOfMs() }
      return before
    }
    const state = before && startedAtMs - wholeAtMs < WHOLE_EVERY_MS ? await changed(before) : await whole(startedAtMs)
    const gone = before?.subscriptions.filter(({ name }) => !state.byName.has(name)) ?? []
    gone.forEach(onGone)
    known = { state, asOfMs: asOfMs() }
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
      const mine: Reading = { startedAtMs: undefined, state: begun().then(() => read((mine.startedAtMs = performance.now()))) }
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

function arrange(version: string, known: CopyState['byName'], changes: Records): CopyState {
  const byName = new Map(known)
  for (const [name, record] of changes) {
    if (record === undefined || record.deleting === true) byName.delete(name)
    else byName.set(name, record)
  }
  const subscriptions = [...byName.values()].map(({ subscription }) => subscription)
  return { version, subscriptions: subscriptions.sort((left, right) => (left.name < right.name ? -1 : 1)), byName }
}
