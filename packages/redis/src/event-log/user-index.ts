// Owns: the index of events by user. Users share sorted sets, because one set per user would need several times the
// memory, and would not be trimmed when a full log drops its events.
import { hash } from 'node:crypto'
import type { GatewayEvent } from '@wxgw/contracts'

/**
 * Of all shards together. With a million events each set has about 60, for which Redis uses its compact encoding. It
 * must never change.
 */
const BUCKETS = 16_384
const TAG_CHARACTERS = 6
const TAG_BYTES = 4

/** An account and an openid. */
export type User = { authorizer: string; subject: string }

/**
 * `bucket`: the set, within the shard. `tag`: the prefix of this user's members. Two users of a set have the same with
 * a chance of 1 in 4,000,000,000.
 */
export type UserPlace = { bucket: string; tag: string }

export type UserIndex = {
  /** undefined: the event has no user. */
  of(event: Pick<GatewayEvent, 'authorizerappid' | 'subject'>): UserPlace | undefined
  ofUser(user: User): UserPlace
}

export function userIndex(shardCount: number): UserIndex {
  const buckets = Math.ceil(BUCKETS / shardCount)

  function ofUser({ authorizer, subject }: User): UserPlace {
    // A digest as a buffer costs more than the hash. `Buffer.from` takes its bytes from a pool.
    const digest = Buffer.from(hash('sha1', `${authorizer} ${subject}`, 'binary'), 'latin1')
    return {
      bucket: String(digest.readUInt32BE(0) % buckets),
      tag: digest.toString('base64url', TAG_BYTES, 2 * TAG_BYTES),
    }
  }

  return {
    ofUser,
    of: ({ authorizerappid: authorizer, subject }) =>
      authorizer === undefined || subject === undefined ? undefined : ofUser({ authorizer, subject }),
  }
}

/** undefined: the member is another user's. */
export function eventOfMember(member: string, tag: string): string | undefined {
  return member.startsWith(tag) ? member.slice(TAG_CHARACTERS) : undefined
}
