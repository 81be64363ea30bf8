// Owns: finding lists of accounts that no job works off: a failover may have lost the job and kept the entries. Each
// gets a job again.
import type { RedisConnection } from '../connect.ts'
import { batchJobId, lanePrefix, messageInbox, queueKey, waitingLanesKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import { addLaneJob, type Lane } from './lanes.ts'

export type StrandedLanes = {
  /**
   * Looks at one inbox, and answers how many lists got a job again: those that nobody had a lease on in this look and
   * in the one before, and whose first entry is the same and came before every job that waits. Rejects with
   * STORE_UNAVAILABLE.
   */
  mend(inbox: number): Promise<number>
}

export type StrandedLanesDeps = { redis: RedisConnection; queues: Pick<Queues, 'open'> }

/** Accounts of one inbox that one look reads, about a millisecond of Redis; with more, the next look goes on. */
const PAGE = 500

const unattendedLists = defineScript({
  name: 'ordering/unattended-lists',
  keys: ['waiting'],
  args: ['after', 'most', 'prefix'],
})

/** Of each list, in the script's answer. */
const FIELDS = 3

/**
 * At most so long after an event was received its job is added. One that the spool has kept for longer may get a second
 * job.
 */
const ADDED_WITHIN_MS = 5_000

type Unattended = { account: string; arrival: string; receivedAtMs: number }

/**
 * Of an inbox: where the next look begins, and which entry stood first in the lists that this round of looks and the
 * one before found.
 */
type Looked = { after: string; before: ReadonlyMap<string, string>; now: Map<string, string> }

export function createStrandedLanes({ redis, queues }: StrandedLanesDeps): StrandedLanes {
  const looks = new Map<number, Looked>()

  /** Since when the job that is taken next has waited. */
  async function oldestJobMs(queue: string): Promise<number> {
    const jobId = await redis.lindex(queueKey(queue, 'wait'), -1)
    const timestamp = jobId === null ? null : await redis.hget(queueKey(queue, jobId), 'timestamp')
    return timestamp === null ? Infinity : Number(timestamp)
  }

  async function look(inbox: number): Promise<Unattended[]> {
    const { after, before, now } = looks.get(inbox) ?? {
      after: '',
      before: new Map<string, string>(),
      now: new Map<string, string>(),
    }
    const page = { after, most: PAGE, prefix: lanePrefix(inbox) }
    const answer = await unattendedLists(redis, { waiting: waitingLanesKey(inbox), ...page })
    const [last = '', ...fields] = Array.isArray(answer) ? answer.map(String) : []
    const lists = parseLists(fields)
    for (const { account, arrival } of lists) now.set(account, arrival)
    looks.set(inbox, last === '' ? { after: '', before: now, now: new Map() } : { after: last, before, now })
    return lists.filter(({ account, arrival }) => before.get(account) === arrival)
  }

  return {
    mend: (inbox) =>
      guardStore(async () => {
        const unattended = await look(inbox)
        if (unattended.length === 0) return 0
        const queue = messageInbox(inbox)
        const untilMs = (await oldestJobMs(queue)) - ADDED_WITHIN_MS
        const stranded = unattended.filter(({ receivedAtMs }) => receivedAtMs < untilMs)
        // Under an id of the account's own: as long as that job waits there is no other.
        const add = ({ account }: Unattended) =>
          addLaneJob(queues.open(queue), laneOf(account), batchJobId(`mend.${account}.`, 1))
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
