// Owns: that after a failure of the store one caller at a time tries whether it is over, and nobody else is held up by
// that.
import { within } from '@wxgw/wechat-core'
import { isAway } from '../batches.ts'
import { isReply } from '../store-errors.ts'

type Trials = {
  /**
   * Rejects as `attempt`; without an attempt with what the last one of this name met, where that was a store that is
   * away.
   */
  run<T>(name: string, attempt: () => Promise<T>): Promise<T>
}

/**
 * Who comes during a trial waits this long for its outcome: a store that is well again answers sooner, one that is away
 * does not.
 */
const PATIENCE_MS = 100

/** `trial`: the attempt that is under way, true when others may follow it. */
type Outage = { error: unknown; trial: Promise<boolean> | undefined }

export function createTrials(): Trials {
  const outages = new Map<string, Outage>()

  /** `trialOf`: the outage that this attempt tries the end of. */
  async function tried<T>(name: string, attempt: () => Promise<T>, trialOf?: Outage): Promise<T> {
    try {
      const answer = await attempt()
      outages.delete(name)
      return answer
    } catch (error) {
      // Of those that are under way together, only the trial ends the outage or begins it anew.
      const mayJudge = outages.get(name) === trialOf
      // A server that answers is there, whatever it says.
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
        outage.trial = own.then(() => true, () => !outages.has(name))
        return own
      }
      if (await within(PATIENCE_MS, outage.trial)) return tried(name, attempt)
      throw outages.get(name)?.error ?? outage.error
    },
  }
}
