// Owns: finding accounts by status, missing permission set and name, in pages, in the index that account-index.lua
// maintains.
import { setTimeout as delay } from 'node:timers/promises'
import { type Authorizer, type AuthorizerAppId, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { Page } from '../paging/newest-first.ts'
import { guardStore } from '../store-errors.ts'
import {
  type AuthorizerFilter,
  type AuthorizerGroup,
  groupMatches,
  matchesFilter,
  nameThatBegins,
  parseGroups,
} from './authorizer-filter.ts'
import { createIndexBuild } from './build-index.ts'
import { searchableName } from './searchable-name.ts'

export type AuthorizersWanted = AuthorizerFilter & {
  limit: number
  cursor: string | undefined
  /** Only these: the accounts to which the caller has a right. */
  only?: readonly string[] | undefined
}

export type AuthorizerIndex = {
  /** A page may be short and not be the last. Rejects with STORE_UNAVAILABLE, also while the index is built. */
  find(wanted: AuthorizersWanted): Promise<Page<Authorizer>>
  /** Builds the index unless it exists. Rejects with STORE_UNAVAILABLE. */
  build(): Promise<void>
}

type Deps = {
  redis: RedisConnection
  keys: PlatformKeys
  get(appId: AuthorizerAppId): Promise<Authorizer | undefined>
  ownerOfUserName(userName: string): Promise<AuthorizerAppId | undefined>
}

/** `kind`: the name by which the account was found, if it was by a name. */
type Place = { appId: string; cursor: string; kind?: string | undefined }
/** The next places after the cursor; none at the end. */
type Walk = (cursor: string | undefined) => Promise<Place[]> | Place[]

/** Accounts that one page reads: many may not match. */
const MAX_READ = 2_000
const BATCH = 100
const BUILT_WITHIN_MS = 1_000

export function createAuthorizerIndex({ redis, keys, get, ownerOfUserName }: Deps): AuthorizerIndex {
  const build = createIndexBuild({ redis, keys })

  async function built(): Promise<void> {
    const waited = new AbortController()
    const late = delay(BUILT_WITHIN_MS, undefined, { signal: waited.signal }).then(
      () => {
        throw new GatewayError('STORE_UNAVAILABLE', 'the index of accounts is being built', {
          retry: true,
          retryAfterSeconds: 5,
        })
      },
      () => undefined,
    )
    await Promise.race([build(), late]).finally(() => waited.abort())
  }

  async function read({ appId }: Place): Promise<Authorizer | undefined> {
    const parsed = parseAuthorizerAppId(appId)
    return parsed && get(parsed)
  }

  async function walked(walk: Walk, wanted: AuthorizersWanted): Promise<Page<Authorizer>> {
    const items: Authorizer[] = []
    let { cursor } = wanted
    for (let count = 0; count < MAX_READ;) {
      const places = await walk(cursor)
      if (places.length === 0) return { items, nextCursor: null }
      const found = await Promise.all(places.map(read))
      for (const [index, place] of places.entries()) {
        const authorizer = found[index]
        const isWanted =
          authorizer !== undefined && matchesFilter(authorizer, wanted) && isFirstPlace(place, authorizer, wanted)
        if (isWanted && items.length === wanted.limit) return { items, nextCursor: cursor ?? null }
        if (isWanted) items.push(authorizer)
        ;({ cursor } = place)
      }
      count += places.length
    }
    return { items, nextCursor: cursor ?? null }
  }

  /** By appid or original id. undefined: `q` is neither. */
  async function exact(q: string, { only, ...wanted }: AuthorizersWanted): Promise<Authorizer[] | undefined> {
    const appId = parseAuthorizerAppId(q) ?? (await ownerOfUserName(q))
    if (appId === undefined) return undefined
    const authorizer = only === undefined || only.includes(appId) ? await get(appId) : undefined
    return authorizer && matchesFilter(authorizer, { ...wanted, q: undefined }) ? [authorizer] : []
  }

  async function named(prefix: string, cursor: string | undefined): Promise<Place[]> {
    const from = cursor === undefined ? `[${prefix}` : `(${cursor}`
    // UTF-8 has no byte 0xff.
    const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)])
    const members = await redis.zrangebylex(keys.authorizerNames, from, end, 'LIMIT', 0, BATCH)
    return members.map((member) => {
      const [, kind, appId = ''] = member.split('\0')
      return { appId, cursor: member, kind }
    })
  }

  async function grouped(groups: readonly AuthorizerGroup[], cursor: string | undefined): Promise<Place[]> {
    const [at = 0] = cursor?.split(' ').map(Number) ?? []
    for (const { id } of groups.filter((group) => group.id >= at)) {
      const from = cursor !== undefined && id === at ? `(${cursor}` : `[${id} `
      const members = await redis.zrangebylex(keys.authorizersByGroup, from, `(${id}!`, 'LIMIT', 0, BATCH)
      if (members.length > 0) return members.map((member) => ({ appId: member.split(' ')[1] ?? '', cursor: member }))
    }
    return []
  }

  return {
    build: () => guardStore(build),
    find: (wanted) =>
      guardStore(async () => {
        const { only } = wanted
        const q = wanted.q?.trim()
        const one = q === undefined ? undefined : await exact(q, wanted)
        if (one !== undefined) return { items: one, nextCursor: null }
        if (only !== undefined) return walked(granted(only), wanted)
        const prefix = q === undefined ? undefined : searchableName(q)
        if (prefix === '') return { items: [], nextCursor: null }
        await built()
        if (prefix !== undefined) return walked((cursor) => named(prefix, cursor), wanted)
        const groups = parseGroups(await redis.hgetall(keys.authorizerGroups)).filter((group) =>
          groupMatches(group, wanted),
        )
        return walked((cursor) => grouped(groups, cursor), wanted)
      }),
  }
}

/** An account whose both names begin with `q` is in the index twice. */
function isFirstPlace({ kind }: Place, { profile }: Authorizer, { q }: AuthorizersWanted): boolean {
  return kind === undefined || q === undefined || nameThatBegins(profile, q) === kind
}

function granted(only: readonly string[]): Walk {
  const sorted = [...new Set(only)].toSorted()
  return (cursor) =>
    sorted
      .filter((appId) => cursor === undefined || appId > cursor)
      .slice(0, BATCH)
      .map((appId) => ({ appId, cursor: appId }))
}
