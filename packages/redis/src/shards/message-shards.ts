// Owns: which shard holds what of one platform: record, claim and event log of an event, and the reply to it.
import { type ShardKeys, shardKeys } from '../keys.ts'
import { shardOf } from './account-hash.ts'
import { type ShardCount, UNSHARDED } from './shard-count.ts'

export type MessageShard = ShardKeys & { readonly index: number }

/** What of an event says where it is. */
export type EventPlace = { id: string; authorizerappid?: string | undefined }

/** All throw STORE_UNAVAILABLE until the installation's number of shards is known. */
export type MessageShards = {
  all(): readonly MessageShard[]
  /** Of what has no account: shard 0. */
  ofAccount(appId: string | undefined): MessageShard
  /** Of what is asked for by the event's id alone. */
  ofId(eventId: string): MessageShard
  /**
   * The shards that may have events of an account: its own and, of an installation that was begun without shards, the
   * one of before.
   */
  withEventsOf(appId: string): readonly MessageShard[]
  /**
   * Where versions before have put what now belongs into this one, as long as that can matter; undefined = nowhere
   * else.
   */
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
