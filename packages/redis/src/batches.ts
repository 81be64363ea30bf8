// Owns: that what is asked of Redis in the same moment goes there in one step, and that each learns what became of its
// own. A batch is what already waits when the event loop has gone round, or is full before that: nothing ever waits for
// company.
import { isStoreAway } from '@wxgw/wechat-core'
import { isStoreFailure, storeError } from './store-errors.ts'

type Batches<Item, Answer> = {
  /** Only items of the same `key` go together. Rejects with what its own item met, else as `write`. */
  add(key: string, item: Item): Promise<Answer>
}

type BatchesDeps<Item, Answer> = {
  /**
   * One answer for each item, in their order; an Error rejects that item alone. When it rejects, and not because the
   * store is away, nothing must have been done that may not be done again: each item is then tried alone.
   */
  write(key: string, items: readonly Item[]): Promise<ReadonlyArray<Answer | Error>>
  /**
   * What an item adds to the work of a batch, and how much of it one batch may be; an item that is more goes alone.
   * Default: no bound.
   */
  weight?: { of(item: Item): number; most: number }
}

/**
 * So few that Redis works on one batch while this process makes the next: neither waits for all of the other (measured:
 * +8 %).
 */
export const MOST_AT_ONCE = 25
const WEIGHTLESS = { of: () => 0, most: 0 }

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

  /** To which this one may still be added. */
  function openBatch(key: string, added: number): Batch<Item, Answer> {
    const open = waiting.get(key)
    if (open !== undefined && open.weight + added <= weight.most) return open
    flush(key)
    const batch = { items: [], weight: 0 }
    waiting.set(key, batch)
    setImmediate(flush, key)
    return batch
  }

  /** Never rejects. */
  async function settle(key: string, batch: ReadonlyArray<Waiting<Item, Answer>>): Promise<void> {
    try {
      const answers = await write(key, batch.map(({ item }) => item))
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index]
        if (answer === undefined) reject(new Error('the store gave no answer for one of a batch'))
        else if (answer instanceof Error) reject(answer)
        else resolve(answer)
      })
    } catch (error) {
      if (batch.length === 1 || isAway(error)) for (const { reject } of batch) reject(error)
      // One of them is refused, and the others are not to suffer for it.
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
        if (batch.items.length >= MOST_AT_ONCE) flush(key)
      })
    },
  }
}

/** Asking again would only take longer. */
export function isAway(error: unknown): boolean {
  return isStoreAway(error) || (isStoreFailure(error) && isStoreAway(storeError(error)))
}
