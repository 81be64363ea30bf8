// Owns: repairing lists of ordered accounts whose job a failover has lost or whose worker was killed: each gets a job
// again.
import type { ShardCount, StrandedLanes } from '@wxgw/redis'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'

type RepairLanesDeps = { count: Pick<ShardCount, 'known'>; stranded: StrandedLanes; log: Log; everyMs?: number }

const EVERY_MS = 2_500

/** Every worker checks all inboxes, with one command each. Never rejects. */
export function startRepairingLanes({ count, stranded, log, everyMs = EVERY_MS }: RepairLanesDeps): Repetition {
  let inboxes = 0
  void count.known.then((known) => (inboxes = known))

  async function repair(inbox: number): Promise<void> {
    try {
      const lanes = await stranded.repair(inbox)
      if (lanes > 0) log.warn({ inbox, lanes }, 'lanes.repaired')
    } catch (error) {
      // Readiness reports that Redis is away. With several masters the other inboxes are still checked.
      if (!isStoreAway(error)) log.warn({ err: error, inbox }, 'lanes.not_repaired')
    }
  }

  return repeat({ firstMs: everyMs, everyMs }, async () => {
    await Promise.all(Array.from({ length: inboxes }, (_, inbox) => repair(inbox)))
  })
}
