// Owns: that each event that was pushed is dispatched by one arrival of it, although WeChat pushes again and jobs run
// again.
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { MESSAGES_QUEUE, onceIds, type PlatformKeys, queueKey } from '../keys.ts'
import { oldPushLifeMs } from '../old-push-life.ts'
import { runScript, script } from '../script.ts'
import { guardStore } from '../store-errors.ts'

/**
 * `arrival`: which job, and where in it. `isOld`: the push came when its de-duplication was over already, or may have
 * been.
 */
export type Claim = { eventId: string; arrival: string; isOld?: boolean | undefined }

export type EventClaims = {
  /**
   * True: this arrival has the event, from now on or from an earlier run. False: another one has it. Rejects with
   * STORE_UNAVAILABLE.
   */
  claim(claim: Claim): Promise<boolean>
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
  keys: Pick<PlatformKeys, 'arrival' | 'event'>
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
const claimEvents = script(`
local answers = {}
for index = 1, #KEYS, 2 do
  local key, arrival = KEYS[index], ARGV[(index - 1) / 2 * 3 + 1]
  local life, asksLog = ARGV[(index - 1) / 2 * 3 + 2], ARGV[(index - 1) / 2 * 3 + 3] == '1'
  local first = redis.call('GET', key)
  if not first and not (asksLog and redis.call('EXISTS', KEYS[index + 1]) == 1) then
    redis.call('SET', key, arrival, 'PX', life)
    first = arrival
  end
  answers[#answers + 1] = first == arrival and 1 or 0
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
  const { platform, redis, keys, nowMs = Date.now } = deps
  const dedupeMs = deps.dedupeSeconds * 1000
  const oldMs = oldPushLifeMs(deps)
  const lifeOf = ({ isOld }: Claim) => (isOld ? oldMs : dedupeMs)
  const oldNameOf = ({ eventId }: Claim) => queueKey(MESSAGES_QUEUE, `de:${onceIds(platform).fanOut({ eventId })}`)
  /** Until then events are claimed under the old name, too. */
  let oldNamesUntilMs = 0
  let looked: Promise<void> | undefined

  const claims = createBatches<Claim, boolean>({
    write: async (_, batch) => {
      const names = batch.flatMap((claim) => [keys.arrival(claim.eventId), keys.event(claim.eventId)])
      const args = batch.flatMap((claim) => [claim.arrival, lifeOf(claim), claim.isOld ? '1' : ''])
      return yesOrNo(await runScript(redis, claimEvents, { keys: names, args }))
    },
  })

  const oldNames = createBatches<Claim, boolean>({
    write: async (_, batch) => {
      const args = batch.flatMap((claim) => [claim.arrival, lifeOf(claim)])
      return yesOrNo(await runScript(redis, claimOldNames, { keys: batch.map(oldNameOf), args }))
    },
  })

  const ends = createBatches<Claim, true>({
    write: async (_, batch) => {
      const names = batch.map(({ eventId }) => keys.arrival(eventId))
      await runScript(redis, endClaims, { keys: names, args: batch.map(({ arrival }) => arrival) })
      return batch.map(() => true)
    },
  })

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
      if (!deps.isLogged) await guardStore(() => ends.add(TOGETHER, claim))
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
        return claims.add(TOGETHER, claim)
      }),
  }
}

function yesOrNo(answers: unknown): boolean[] {
  return Array.isArray(answers) ? answers.map((answer) => answer === 1) : []
}
