// Owns: batching commands of the same moment into one step of Redis, with an outcome for each caller. A batch is sent
// after one turn of the event loop, or when it is full: no timer delays an item.
import { isStoreAway } from '@wxgw/wechat-core'
import { isStoreFailure, storeError } from './store-errors.ts'

type Batches<Item, Answer> = {
  /** Only items with the same `key` share a batch. Rejects with the error of this item, otherwise as `write`. */
  add(key: string, item: Item): Promise<Answer>
}

type BatchesDeps<Item, Answer> = {
  /**
   * Answers one result per item, in their order; an Error rejects that item alone. When it rejects although the store
   * is reachable, each item is written again alone, so a write must be safe to repeat.
   */
  write(key: string, items: readonly Item[]): Promise<ReadonlyArray<Answer | Error>>
  /** The weight of an item, and the limit of a batch; a heavier item gets a batch of its own. Default: no limit. */
  weight?: { of(item: Item): number; limit: number }
}

/** Small enough that Redis executes one batch while this process makes the next (measured: +8 %). */
export const MAX_BATCH = 25
const WEIGHTLESS = { of: () => 0, limit: 0 }

type Waiting<Item, Answer> = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void }
type Batch<Item, Answer> = { items: Array<Waiting<Item, Answer>>; weight: number }

export function createBatches<Item, Answer>({
  write,
  weight = WEIGHTLESS,
}: BatchesDeps<Item, Answer>): Batches<Item, Answer> {
  const waiting = new Map<string, Batch<Item, Answer>>()

  function flush(key: string): void {
    const due = waiting.get(key)
    waiting.delete(key)
    if (due) void settle(key, due.items)
  }

  /** The batch of this key, if it has room for the weight, or a new one. */
  function openBatch(key: string, added: number): Batch<Item, Answer> {
    const open = waiting.get(key)
    if (open !== undefined && open.weight + added <= weight.limit) return open
    flush(key)
    const batch = { items: [], weight: 0 }
    waiting.set(key, batch)
    setImmediate(flush, key)
    return batch
  }

  /** Never rejects. */
  async function settle(key: string, batch: ReadonlyArray<Waiting<Item, Answer>>): Promise<void> {
    try {
      const answers = await write(
        key,
        batch.map(({ item }) => item),
      )
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index]
        if (answer === undefined) reject(new Error('the store gave no answer for one of a batch'))
        else if (answer instanceof Error) reject(answer)
        else resolve(answer)
      })
    } catch (error) {
      if (batch.length === 1 || isAway(error)) for (const { reject } of batch) reject(error)
      // One item was refused: write each alone, so that the others succeed.
      else await Promise.all(batch.map((one) => settle(key, [one])))
    }
  }

  return {
    add(key, item) {
      return new Promise((resolve, reject) => {
        const added = weight.of(item)
        const batch = openBatch(key, added)
        batch.weight += added
        batch.items.push({ item, resolve, reject })
        if (batch.items.length >= MAX_BATCH) flush(key)
      })
    },
  }
}

/** Whether the store cannot be reached or refuses writes: a retry would fail too. */
export function isAway(error: unknown): boolean {
  return isStoreAway(error) || (isStoreFailure(error) && isStoreAway(storeError(error)))
}
