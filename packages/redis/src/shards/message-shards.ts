// Owns: the shard of an event's data: record, claim, log and reply.
import { type ShardKeys, shardKeys } from '../keys.ts'
import { shardOf } from './account-hash.ts'
import { type ShardCount, UNSHARDED } from './shard-count.ts'

export type MessageShard = ShardKeys & { readonly index: number }

/** The members of an event that determine its shard. */
export type EventPlace = { id: string; authorizerappid?: string | undefined }

/** All throw STORE_UNAVAILABLE until the installation's number of shards is known. */
export type MessageShards = {
  all(): readonly MessageShard[]
  /** Throws when there are not so many. */
  at(index: number): MessageShard
  /** The shard of data without an account: shard 0. */
  ofAccount(appId: string | undefined): MessageShard
  /** The shard of data that is read by the event's id alone. */
  ofId(eventId: string): MessageShard
  /**
   * The shards that may have events of an account: its own and, in an installation that began without shards, shard 0.
   */
  withEventsOf(appId: string): readonly MessageShard[]
  /** The shard in which the data of this one is, if it was written before shards were used; undefined = none. */
  before(shard: MessageShard): MessageShard | undefined
}

export function createMessageShards(platform: string, count: ShardCount = UNSHARDED): MessageShards {
  const known: MessageShard[] = []

  function all(): readonly MessageShard[] {
    const wanted = count.get()
    while (known.length < wanted) {
      const index = known.length
      known.push({ index, ...shardKeys(platform, index) })
    }
    return known
  }

  function at(index: number): MessageShard {
    const shard = all()[index]
    if (shard === undefined) throw new Error(`there is no shard ${index}`)
    return shard
  }

  const ofAccount = (appId: string | undefined) => at(appId === undefined ? 0 : shardOf(appId, count.get()))
  const before = (shard: MessageShard) => (shard.index > 0 && count.hasEventsOfBefore() ? at(0) : undefined)

  return {
    all,
    at,
    ofAccount,
    before,
    ofId: (eventId) => at(shardOf(eventId, count.get())),
    withEventsOf(appId) {
      const own = ofAccount(appId)
      const old = before(own)
      return old === undefined ? [own] : [own, old]
    },
  }
}
