// Owns: that what is asked of Redis in the same moment goes there in one step, and that each learns what became of its own.
// A batch is what already waits when the event loop has gone round, or is full before that: nothing ever waits for company.
import { isStoreFailure, storeError } from './store-errors.ts'

export type Batches<Item, Answer> = {
  /** Only items of the same `key` go together. Rejects with what its own item met, else as `write`. */
  add(key: string, item: Item): Promise<Answer>
}

export type BatchesDeps<Item, Answer> = {
  /**
   * One answer for each item, in their order; an Error rejects that item alone. When it rejects, and not because the store is
   * away, nothing must have been done that may not be done again: each item is then tried alone.
   */
  write(key: string, items: readonly Item[]): Promise<ReadonlyArray<Answer | Error>>
  /** Default 25. */
  mostAtOnce?: number
}

/** So few that Redis works on one batch while this process makes the next: neither waits for all of the other (measured: +8 %). */
export const MOST_AT_ONCE = 25

type Waiting<Item, Answer> = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void }

export function createBatches<Item, Answer>({ write, mostAtOnce = MOST_AT_ONCE }: BatchesDeps<Item, Answer>): Batches<Item, Answer> {
  const waiting = new Map<string, Array<Waiting<Item, Answer>>>()

  function flush(key: string): void {
    const due = waiting.get(key)
    waiting.delete(key)
    if (due) void settle(key, due)
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
        const others = waiting.get(key)
        if (others === undefined) {
          waiting.set(key, [{ item, resolve, reject }])
          setImmediate(flush, key)
          return
        }
        others.push({ item, resolve, reject })
        if (others.length >= mostAtOnce) flush(key)
      })
    },
  }
}

/** Asking again would only take longer. */
export function isAway(error: unknown): boolean {
  return isStoreFailure(error) && storeError(error).code === 'STORE_UNAVAILABLE'
}
