// Owns: the last entries of one kind that all processes write, newest first: a stream that is cut at a number. Each
// process collects its own and hands them over, so that what is noted costs no write of its own.
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
  /** In memory; handed over within a second. Of more at a time than Redis keeps, the latest. */
  note(entry: T): void
  /** Writes what was noted. Rejects with STORE_UNAVAILABLE; the next call then writes it. */
  handOver(): Promise<void>
  /** Reads `most` entries at most. Rejects with STORE_UNAVAILABLE, and with INVALID_REQUEST for what is no cursor. */
  find(asked: Asked<T>): Promise<Page<T>>
}

type Deps<T> = {
  redis: RedisConnection
  key: string
  most: number
  /** undefined: of another version. */
  parse(data: unknown): T | undefined
  onError(error: unknown): void
}

const HAND_OVER_AFTER_MS = 1_000
/** After a failure. */
const AGAIN_AFTER_MS = 5_000
const AT_ONCE = 500
/** What is noted is written later, by another clock. */
const SPARE_MS = 120_000

const addEntries = defineScript({ name: 'console/add-entries', keys: ['stream'], args: ['most'], moreArgs: 'entries' })

export function createRecentEntries<T extends { atMs: number }>({
  redis,
  key,
  most,
  parse,
  onError,
}: Deps<T>): RecentEntries<T> {
  let noted: T[] = []
  let timer: NodeJS.Timeout | undefined

  function handOverAfter(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      handOver().catch((error: unknown) => {
        onError(error)
        handOverAfter(AGAIN_AFTER_MS)
      })
    }, ms).unref()
  }

  function handOver(): Promise<void> {
    return guardStore(async () => {
      while (noted.length > 0) {
        const batch = noted.slice(0, AT_ONCE)
        noted = noted.slice(AT_ONCE)
        try {
          await addEntries(redis, { stream: key, most, entries: batch.map((entry) => JSON.stringify(entry)) })
        } catch (error) {
          noted = [...batch, ...noted].slice(-most)
          throw error
        }
      }
    })
  }

  return {
    note(entry) {
      noted.push(entry)
      if (noted.length > 2 * most) noted = noted.slice(-most)
      handOverAfter(HAND_OVER_AFTER_MS)
    },
    handOver,
    find: ({ limit, cursor, fromMs = 0, toMs = Infinity, matches }) =>
      guardStore(async () => {
        const items: T[] = []
        const first = toMs === Infinity ? '+' : String(toMs + SPARE_MS)
        const last = fromMs <= SPARE_MS ? '-' : String(fromMs - SPARE_MS)
        let position = cursor
        for (;;) {
          const page = await redis.xrevrange(
            key,
            position === undefined ? first : `(${position}`,
            last,
            'COUNT',
            AT_ONCE,
          )
          for (const [id, [, text = 'null']] of page) {
            const entry = parse(JSON.parse(text))
            const isWanted = entry !== undefined && entry.atMs >= fromMs && entry.atMs <= toMs && matches(entry)
            if (isWanted && items.length === limit) return { items, nextCursor: position ?? null }
            if (isWanted) items.push(entry)
            position = id
          }
          if (page.length < AT_ONCE) return { items, nextCursor: null }
        }
      }),
  }
}
