// Owns: the two records that the console shows: the audit log, and the API calls that WeChat refused.
import { type AuditEntry, parseAuditEntry, parseRefusedCall, type RefusedCall } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { AUDIT_KEY, REFUSED_API_CALLS_KEY } from '../keys.ts'
import { createRecentEntries, type RecentEntries } from './recent-entries.ts'

const MAX_AUDIT_ENTRIES = 10_000
const MAX_REFUSED_CALLS = 1_000

export type ConsoleRecords = { audit: RecentEntries<AuditEntry>; refusedCalls: RecentEntries<RefusedCall> }

type Deps = { redis: RedisConnection; onError(error: unknown): void }

export function createConsoleRecords(deps: Deps): ConsoleRecords {
  return {
    audit: createRecentEntries({ ...deps, key: AUDIT_KEY, maxLength: MAX_AUDIT_ENTRIES, parse: parseAuditEntry }),
    refusedCalls: createRecentEntries({
      ...deps,
      key: REFUSED_API_CALLS_KEY,
      maxLength: MAX_REFUSED_CALLS,
      parse: parseRefusedCall,
    }),
  }
}
