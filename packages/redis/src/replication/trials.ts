// Owns: that after a failure of the store one caller at a time tries it again, and the others do not wait for it.
import { within } from '@wxgw/wechat-core'
import { isAway } from '../batches.ts'
import { isReply } from '../store-errors.ts'

type Trials = {
  /**
   * Rejects as `attempt`, or without an attempt with the last error of this name, if the store was away then.
   */
  run<T>(name: string, attempt: () => Promise<T>): Promise<T>
}

/**
 * Callers that come during a trial wait this long for its outcome: a store that is back answers sooner.
 */
const PATIENCE_MS = 100

/** `trial`: the running attempt. It resolves with true when others may follow. */
type Outage = { error: unknown; trial: Promise<boolean> | undefined }

export function createTrials(): Trials {
  const outages = new Map<string, Outage>()

  /** `trialOf`: the outage whose end this attempt tries. */
  async function tried<T>(name: string, attempt: () => Promise<T>, trialOf?: Outage): Promise<T> {
    try {
      const answer = await attempt()
      outages.delete(name)
      return answer
    } catch (error) {
      // Of attempts that run at the same time, only the trial may end or restart the outage.
      const mayJudge = outages.get(name) === trialOf
      // A server that answers with an error is there.
      const isGone = isAway(error) && !isReply(error)
      if (mayJudge && isGone) outages.set(name, { error, trial: undefined })
      if (mayJudge && !isGone) outages.delete(name)
      throw error
    }
  }

  return {
    async run(name, attempt) {
      const outage = outages.get(name)
      if (!outage) return tried(name, attempt)
      if (!outage.trial) {
        const own = tried(name, attempt, outage)
        outage.trial = own.then(
          () => true,
          () => !outages.has(name),
        )
        return own
      }
      if (await within(PATIENCE_MS, outage.trial)) return tried(name, attempt)
      throw outages.get(name)?.error ?? outage.error
    },
  }
}
