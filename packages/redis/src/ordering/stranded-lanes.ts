// Owns: finding lists of ordered accounts without a job, and adding one: a failover may have lost the job and kept the
// entries.
import { nextJobAddedMs } from '../bullmq-format/queue-counts.ts'
import type { RedisConnection } from '../connect.ts'
import { lanePrefix, messageInbox, waitingLanesKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import { addLaneJob, type Lane, laneJobId } from './lanes.ts'

export type StrandedLanes = {
  /**
   * Checks one inbox, and answers how many lists got a job: those without a lease in this check and the previous one,
   * whose first entry is unchanged and older than every waiting job. Rejects with STORE_UNAVAILABLE.
   */
  repair(inbox: number): Promise<number>
}

export type StrandedLanesDeps = { redis: RedisConnection; queues: Pick<Queues, 'open'> }

/** Accounts that one check reads, about a millisecond of Redis. The next check goes on with the others. */
const PAGE = 500

const unattendedLists = defineScript({
  name: 'ordering/unattended-lists',
  keys: ['waiting'],
  args: ['after', 'most', 'prefix'],
})

/** Fields per list in the script's answer. */
const FIELDS = 3

/**
 * The job of an event is added at most so long after it was received. An event that the spool kept for longer may get a
 * second job.
 */
const ADDED_WITHIN_MS = 5_000

type Unattended = { account: string; arrival: string; receivedAtMs: number }

/**
 * Per inbox: where the next check begins, and by account the first entries of the lists that the previous round and
 * this one found.
 */
type Round = { after: string; before: ReadonlyMap<string, string>; now: Map<string, string> }

export function createStrandedLanes({ redis, queues }: StrandedLanesDeps): StrandedLanes {
  const rounds = new Map<number, Round>()

  /** Lists that had no lease, and the same first entry, in this check and the previous one. */
  async function check(inbox: number): Promise<Unattended[]> {
    const { after, before, now } = rounds.get(inbox) ?? {
      after: '',
      before: new Map<string, string>(),
      now: new Map<string, string>(),
    }
    const page = { after, most: PAGE, prefix: lanePrefix(inbox) }
    const answer = await unattendedLists(redis, { waiting: waitingLanesKey(inbox), ...page })
    const [last = '', ...fields] = Array.isArray(answer) ? answer.map(String) : []
    const lists = parseLists(fields)
    for (const { account, arrival } of lists) now.set(account, arrival)
    rounds.set(inbox, last === '' ? { after: '', before: now, now: new Map() } : { after: last, before, now })
    return lists.filter(({ account, arrival }) => before.get(account) === arrival)
  }

  return {
    repair: (inbox) =>
      guardStore(async () => {
        const unattended = await check(inbox)
        if (unattended.length === 0) return 0
        const queue = messageInbox(inbox)
        const untilMs = (await nextJobAddedMs(redis, queue)) - ADDED_WITHIN_MS
        const stranded = unattended.filter(({ receivedAtMs }) => receivedAtMs < untilMs)
        // The job id is made from the account: as long as that job waits, no other one is added.
        const add = ({ account }: Unattended) =>
          addLaneJob(queues.open(queue), laneOf(account), laneJobId(`repair.${account}.`))
        await Promise.all(stranded.map(add))
        return stranded.length
      }),
  }
}

function parseLists(fields: readonly string[]): Unattended[] {
  return Array.from({ length: fields.length / FIELDS }, (_, index) => {
    const [account = '', arrival = '', receivedAtMs] = fields.slice(index * FIELDS, (index + 1) * FIELDS)
    return { account, arrival, receivedAtMs: Number(receivedAtMs) }
  })
}

/** A platform's id has no `.`. */
function laneOf(name: string): Lane {
  const at = name.indexOf('.')
  return { platform: name.slice(0, at), account: name.slice(at + 1) }
}
