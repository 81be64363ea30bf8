// Owns: that each event that was pushed is dispatched by one arrival of it, although WeChat pushes again and jobs run
// again.
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { MESSAGES_QUEUE, onceIds, queueKey } from '../keys.ts'
import { ALWAYS_ASKED, type MasterOutages } from '../replication/master-outages.ts'
import { oldPushLifeMs } from '../old-push-life.ts'
import { runScript, script } from '../script.ts'
import type { EventPlace, MessageShard, MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { CLAIM_LUA } from './claim-script.ts'

/**
 * `arrival`: which job, and where in it. `isOld`: the push came when its de-duplication was over already, or may have
 * been.
 */
export type Claim = { event: EventPlace; arrival: string; isOld?: boolean | undefined }

/** The key of a claim that is made with the event's record, in one step. */
export type RecordClaim = { key: string; arrival: string; lifeMs: number; asksLog: boolean }

export type EventClaims = {
  /**
   * True: this arrival has the event, from now on or from an earlier run. False: another one has it. A claim: where there
   * is an event log, its `record` decides, so that a message that comes alone costs one call less. Rejects with
   * STORE_UNAVAILABLE.
   */
  claim(claim: Claim): Promise<boolean | RecordClaim>
  /**
   * All was done for the event, so that another run of its job leaves it alone. Only where no event log knows that.
   * Rejects as `claim`.
   */
  ended(claim: Claim): Promise<void>
  /** A job of the version before was seen: its processes may still be running. */
  olderVersionSeen(): void
}

export type EventClaimsDeps = {
  platform: string
  redis: RedisConnection
  shards: MessageShards
  /** A shard that is away holds up nobody else's events. Default: each is asked. */
  outages?: MasterOutages
  dedupeSeconds: number
  eventLogSeconds: number
  /** The platform keeps an event log, which knows what was done for an event. */
  isLogged: boolean
  nowMs?: () => number
}

/**
 * Of a platform without an event log none of the events' keys is there.
 * KEYS: for each claim: its key, the event in the log
 * ARGV: for each claim: arrival, life in ms, '1' = not if the log knows the event
 * -> 1 for each that is this arrival's
 */
const claimEvents = script(`${CLAIM_LUA}
local answers = {}
for index = 1, #KEYS, 2 do
  local at = (index - 1) / 2 * 3
  answers[#answers + 1] = claim(KEYS[index], KEYS[index + 1], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) and 1 or 0
end
return answers
`)

/**
 * Versions before de-duplicated when a push came, by a key of BullMQ's queue. While their processes may run, an event
 * is claimed under that name, too: they see it, and what they took is seen.
 * KEYS: for each claim its key
 * ARGV: for each claim: arrival, life in ms
 * -> 1 for each that is this arrival's
 */
const claimOldNames = script(`
local answers = {}
for index, key in ipairs(KEYS) do
  local arrival = ARGV[index * 2 - 1]
  local isFirst = redis.call('SET', key, arrival, 'PX', ARGV[index * 2], 'NX')
  answers[#answers + 1] = (isFirst or redis.call('GET', key) == arrival) and 1 or 0
end
return answers
`)

/**
 * KEYS: for each claim its key
 * ARGV: for each claim its arrival
 */
const endClaims = script(`
for index, key in ipairs(KEYS) do
  local life = redis.call('PTTL', key)
  if life > 0 and redis.call('GET', key) == ARGV[index] then
    redis.call('SET', key, ARGV[index] .. ' done', 'PX', life)
  end
end
return #KEYS
`)

const TOGETHER = ''

export function createEventClaims(deps: EventClaimsDeps): EventClaims {
  const { platform, redis, shards, outages = ALWAYS_ASKED, nowMs = Date.now } = deps
  const dedupeMs = deps.dedupeSeconds * 1000
  const oldMs = oldPushLifeMs(deps)
  const lifeOf = ({ isOld }: Claim) => (isOld ? oldMs : dedupeMs)
  const oldNameOf = ({ event }: Claim) => queueKey(MESSAGES_QUEUE, `de:${onceIds(platform).fanOut({ eventId: event.id })}`)
  /** Until then events are claimed under the old name, too. */
  let oldNamesUntilMs = 0
  let looked: Promise<void> | undefined

  const claims = createBatches<Claim, boolean>({
    write: async (at, batch) => {
      const shard = shardAt(at)
      const names = batch.flatMap(({ event }) => [shard.arrival(event.id), shard.event(event.id)])
      const args = batch.flatMap((claim) => [claim.arrival, lifeOf(claim), claim.isOld ? '1' : ''])
      return yesOrNo(await outages.ask(shard.events, () => runScript(redis, claimEvents, { keys: names, args })))
    },
  })

  const oldNames = createBatches<Claim, boolean>({
    write: async (_, batch) => {
      const args = batch.flatMap((claim) => [claim.arrival, lifeOf(claim)])
      return yesOrNo(await runScript(redis, claimOldNames, { keys: batch.map(oldNameOf), args }))
    },
  })

  const ends = createBatches<Claim, true>({
    write: async (at, batch) => {
      const shard = shardAt(at)
      const names = batch.map(({ event }) => shard.arrival(event.id))
      await runScript(redis, endClaims, { keys: names, args: batch.map(({ arrival }) => arrival) })
      return batch.map(() => true)
    },
  })

  function shardAt(place: string): MessageShard {
    const shard = shards.all()[Number(place)]
    if (shard === undefined) throw new Error(`there is no shard ${place}`)
    return shard
  }

  const shardOf = ({ event }: Claim) => shards.ofAccount(event.authorizerappid)
  const claimIn = ({ index }: MessageShard, claim: Claim) => claims.add(String(index), claim)

  function olderVersionSeen(): void {
    oldNamesUntilMs = nowMs() + dedupeMs
  }

  /** BullMQ's counter: has that queue ever had a job? */
  async function lookForOlderVersion(): Promise<void> {
    if ((await redis.exists(queueKey(MESSAGES_QUEUE, 'id'))) === 1) olderVersionSeen()
  }

  return {
    olderVersionSeen,
    async ended(claim) {
      if (!deps.isLogged) await guardStore(async () => ends.add(String(shardOf(claim).index), claim))
    },
    claim: (claim) =>
      guardStore(async () => {
        looked ??= lookForOlderVersion()
        await looked.catch((error: unknown) => {
          looked = undefined
          throw error
        })
        // First the old name: who loses there must not keep the other from the one who has it, which may come later.
        if ((claim.isOld || nowMs() < oldNamesUntilMs) && !(await oldNames.add(TOGETHER, claim))) return false
        const own = shardOf(claim)
        const before = shards.before(own)
        if (before !== undefined && !(await claimIn(before, claim))) return false
        if (!deps.isLogged) return claimIn(own, claim)
        return { key: own.arrival(claim.event.id), arrival: claim.arrival, lifeMs: lifeOf(claim), asksLog: claim.isOld === true }
      }),
  }
}

function yesOrNo(answers: unknown): boolean[] {
  return Array.isArray(answers) ? answers.map((answer) => answer === 1) : []
}
