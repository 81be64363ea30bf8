// Owns: claims of events: exactly one arrival of a pushed event is dispatched, although WeChat repeats pushes and jobs
// are retried.
import { createBatches } from '../batches.ts'
import { counterKey, deduplicationKey } from '../bullmq-format/queue-keys.ts'
import type { RedisConnection } from '../connect.ts'
import { MESSAGES_QUEUE, onceIds } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { NO_OUTAGES, type MasterOutages } from '../replication/master-outages.ts'
import { oldPushLifeMs } from '../old-push-life.ts'
import type { EventPlace, MessageShard, MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'

/**
 * `arrival`: the id of the job and the message's index in it. `isOld`: the push is, or may be, older than
 * DEDUPE_SECONDS.
 */
export type Claim = { event: EventPlace; arrival: string; isOld?: boolean | undefined }

/** A claim that is made in the step that records the event. */
export type RecordClaim = { arrival: string; lifeMs: number; unlessLogged: boolean }

export type EventClaims = {
  /**
   * True: this arrival has the claim, now or since an earlier run. False: another arrival has it. A RecordClaim: with
   * an event log, `record` makes the claim, which saves a call. Rejects with STORE_UNAVAILABLE.
   */
  claim(claim: Claim): Promise<boolean | RecordClaim>
  /** The event was dispatched completely: another run of its job must skip it. Does nothing with an event log. */
  ended(claim: Claim): Promise<void>
  /** Call it for a job of the previous version: its processes may still be running. */
  olderVersionSeen(): void
}

type EventClaimsDeps = {
  platform: string
  redis: RedisConnection
  shards: MessageShards
  /** A shard that is away does not delay the events of others. Default: each shard is tried. */
  outages?: MasterOutages
  dedupeSeconds: number
  eventLogSeconds: number
  /** Whether the platform keeps an event log, which has the deliveries of each event. */
  isLogged: boolean
  nowMs?: () => number
}

const claimEvents = defineScript({
  name: 'event-log/claim-events',
  eachKeys: ['claimed', 'logged'],
  eachArgs: ['arrival', 'lifeMs', 'unlessLogged'],
})
const claimOldNames = defineScript({
  name: 'event-log/claim-old-names',
  eachKeys: ['claimed'],
  eachArgs: ['arrival', 'lifeMs'],
})
const endClaims = defineScript({ name: 'event-log/end-claims', eachKeys: ['claimed'], eachArgs: ['arrival'] })

const TOGETHER = ''

export function createEventClaims(deps: EventClaimsDeps): EventClaims {
  const { platform, redis, shards, outages = NO_OUTAGES, nowMs = Date.now } = deps
  const dedupeMs = deps.dedupeSeconds * 1000
  const oldMs = oldPushLifeMs(deps)
  const lifeOf = ({ isOld }: Claim) => (isOld ? oldMs : dedupeMs)
  const oldNameOf = ({ event }: Claim) =>
    deduplicationKey(MESSAGES_QUEUE, onceIds(platform).fanOut({ eventId: event.id }))
  /** Until then events are also claimed by the key of the previous version. */
  let oldNamesUntilMs = 0
  let checked: Promise<void> | undefined
  let isChecked = false

  const claims = createBatches<Claim, boolean>({
    write: async (at, batch) => {
      const shard = shards.at(Number(at))
      const each = batch.map((claim) => ({
        claimed: shard.arrival(claim.event.id),
        logged: shard.event(claim.event.id),
        arrival: claim.arrival,
        lifeMs: lifeOf(claim),
        unlessLogged: claim.isOld ? '1' : '',
      }))
      return flagsIn(await outages.run(shard.events, () => claimEvents(redis, { each })))
    },
  })

  const oldNames = createBatches<Claim, boolean>({
    write: async (_, batch) => {
      const each = batch.map((claim) => ({
        claimed: oldNameOf(claim),
        arrival: claim.arrival,
        lifeMs: lifeOf(claim),
      }))
      return flagsIn(await claimOldNames(redis, { each }))
    },
  })

  const ends = createBatches<Claim, true>({
    write: async (at, batch) => {
      const shard = shards.at(Number(at))
      await endClaims(redis, {
        each: batch.map(({ event, arrival }) => ({ claimed: shard.arrival(event.id), arrival })),
      })
      return batch.map(() => true)
    },
  })

  const shardOf = ({ event }: Claim) => shards.ofAccount(event.authorizerappid)
  const claimIn = ({ index }: MessageShard, claim: Claim) => claims.add(String(index), claim)

  function olderVersionSeen(): void {
    oldNamesUntilMs = nowMs() + dedupeMs
  }

  /** BullMQ's counter exists if the queue of the previous version has ever had a job. */
  async function checkForOlderVersion(): Promise<void> {
    if ((await redis.exists(counterKey(MESSAGES_QUEUE))) === 1) olderVersionSeen()
    isChecked = true
  }

  const hasOldName = ({ isOld }: Claim) => isOld === true || nowMs() < oldNamesUntilMs

  function recordClaim(claim: Claim): RecordClaim {
    return { arrival: claim.arrival, lifeMs: lifeOf(claim), unlessLogged: claim.isOld === true }
  }

  /** Nothing but the step that records the event has to claim it. */
  function isClaimedByRecord(claim: Claim): boolean {
    return deps.isLogged && isChecked && !hasOldName(claim) && shards.before(shardOf(claim)) === undefined
  }

  const claimFirst = (claim: Claim) =>
    guardStore(async () => {
      checked ??= checkForOlderVersion()
      await checked.catch((error: unknown) => {
        checked = undefined
        throw error
      })
      // The old key first: an arrival that does not get it must not hold the new key, because the owner needs both.
      if (hasOldName(claim) && !(await oldNames.add(TOGETHER, claim))) return false
      const own = shardOf(claim)
      const before = shards.before(own)
      if (before !== undefined && !(await claimIn(before, claim))) return false
      return deps.isLogged ? recordClaim(claim) : claimIn(own, claim)
    })

  return {
    olderVersionSeen,
    async ended(claim) {
      if (!deps.isLogged) await guardStore(async () => ends.add(String(shardOf(claim).index), claim))
    },
    claim: (claim) => (isClaimedByRecord(claim) ? Promise.resolve(recordClaim(claim)) : claimFirst(claim)),
  }
}

function flagsIn(answers: unknown): boolean[] {
  return Array.isArray(answers) ? answers.map((answer) => answer === 1) : []
}
