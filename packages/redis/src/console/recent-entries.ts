// Owns: a stream of the last entries of one kind, written by all processes. Each process collects entries in memory and
// flushes them once a second.
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import type { Page } from '../paging/newest-first.ts'
import { guardStore } from '../store-errors.ts'

export type Asked<T> = {
  limit: number
  cursor: string | undefined
  fromMs?: number | undefined
  toMs?: number | undefined
  matches(entry: T): boolean
}

export type RecentEntries<T> = {
  /** Collects it in memory, flushed within a second. Of more than `maxLength` entries, the latest are kept. */
  note(entry: T): void
  /** Flushes the collected entries. Rejects with STORE_UNAVAILABLE; the next call then writes them. */
  flush(): Promise<void>
  /** Newest first. Rejects with STORE_UNAVAILABLE, and with INVALID_REQUEST when the cursor is none. */
  find(asked: Asked<T>): Promise<Page<T>>
}

type Deps<T> = {
  redis: RedisConnection
  key: string
  /** Entries that the stream keeps. */
  maxLength: number
  /** undefined: an entry of another version. */
  parse(data: unknown): T | undefined
  onError(error: unknown): void
}

const FLUSH_AFTER_MS = 1_000
const RETRY_AFTER_MS = 5_000
const BATCH = 500
/** An entry's id is the time of its flush by Redis' clock, which differs from `atMs` by less than this. */
const SPARE_MS = 120_000

const addEntries = defineScript({
  name: 'console/add-entries',
  keys: ['stream'],
  args: ['maxLength'],
  moreArgs: 'entries',
})

export function createRecentEntries<T extends { atMs: number }>({
  redis,
  key,
  maxLength,
  parse,
  onError,
}: Deps<T>): RecentEntries<T> {
  let noted: T[] = []
  let timer: NodeJS.Timeout | undefined

  function flushAfter(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      flush().catch((error: unknown) => {
        onError(error)
        flushAfter(RETRY_AFTER_MS)
      })
    }, ms).unref()
  }

  function flush(): Promise<void> {
    return guardStore(async () => {
      while (noted.length > 0) {
        const batch = noted.slice(0, BATCH)
        noted = noted.slice(BATCH)
        try {
          await addEntries(redis, { stream: key, maxLength, entries: batch.map((entry) => JSON.stringify(entry)) })
        } catch (error) {
          noted = [...batch, ...noted].slice(-maxLength)
          throw error
        }
      }
    })
  }

  return {
    note(entry) {
      noted.push(entry)
      if (noted.length > 2 * maxLength) noted = noted.slice(-maxLength)
      flushAfter(FLUSH_AFTER_MS)
    },
    flush,
    find: ({ limit, cursor, fromMs = 0, toMs = Infinity, matches }) =>
      guardStore(async () => {
        const items: T[] = []
        const first = toMs === Infinity ? '+' : String(toMs + SPARE_MS)
        const last = fromMs <= SPARE_MS ? '-' : String(fromMs - SPARE_MS)
        let position = cursor
        for (;;) {
          const page = await redis.xrevrange(key, position === undefined ? first : `(${position}`, last, 'COUNT', BATCH)
          for (const [id, [, text = 'null']] of page) {
            const entry = parse(JSON.parse(text))
            const isWanted = entry !== undefined && entry.atMs >= fromMs && entry.atMs <= toMs && matches(entry)
            if (isWanted && items.length === limit) return { items, nextCursor: position ?? null }
            if (isWanted) items.push(entry)
            position = id
          }
          if (page.length < BATCH) return { items, nextCursor: null }
        }
      }),
  }
}
