// Owns: reading the history of an authorization. The scripts that change an authorization write it (history.lua).
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { Page } from '../paging/newest-first.ts'
import { guardStore } from '../store-errors.ts'

const CAUSES = ['authorized', 'updateauthorized', 'unauthorized', 'sync'] as const

export type HistoryEntry = {
  at: string
  cause: (typeof CAUSES)[number]
  addedSets: number[]
  removedSets: number[]
  sessionId?: string
  reference?: string
}

export type AuthorizationHistory = {
  /**
   * Newest first, of the last 100. Rejects with INVALID_REQUEST when the cursor is none, and with STORE_UNAVAILABLE.
   */
  list(appId: string, page: { limit: number; cursor: string | undefined }): Promise<Page<HistoryEntry>>
}

type Deps = { redis: RedisConnection; keys: Pick<PlatformKeys, 'authorizerHistory'> }

export function createAuthorizationHistory({ redis, keys }: Deps): AuthorizationHistory {
  return {
    list: (appId, { limit, cursor }) =>
      guardStore(async () => {
        const before = parseCursor(cursor)
        const entries = (await redis.lrange(keys.authorizerHistory(appId), 0, -1)).map(parseEntry)
        const rest = entries.filter(({ n }) => n < before)
        const page = rest.slice(0, limit)
        return {
          items: page.map(({ entry }) => entry),
          nextCursor: rest.length > limit ? String(page.at(-1)?.n) : null,
        }
      }),
  }
}

function parseCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Infinity
  if (!/^\d{1,15}$/.test(cursor)) throw new GatewayError('INVALID_REQUEST', 'cursor is not valid')
  return Number(cursor)
}

function parseEntry(written: string): { n: number; entry: HistoryEntry } {
  const { n, at, cause, added, removed, session, reference } = JSON.parse(written) as Record<string, unknown>
  return {
    n: Number(n),
    entry: {
      at: new Date(Number(at)).toISOString(),
      cause: CAUSES.find((known) => known === cause) ?? 'sync',
      addedSets: idsOf(added),
      removedSets: idsOf(removed),
      ...(typeof session === 'string' ? { sessionId: session } : {}),
      ...(typeof reference === 'string' ? { reference } : {}),
    },
  }
}

function idsOf(list: unknown): number[] {
  return typeof list === 'string' && list !== '' ? list.split(',').map(Number) : []
}

/** The part of the hash of an authorization code by which history.lua finds an entry. */
export function historyCode(codeHash: string): string {
  return codeHash.slice(0, 32)
}
