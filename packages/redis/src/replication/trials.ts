// Owns: a circuit breaker for the store: after a failure one caller at a time tries it, and the others fail fast.
import { within } from '@wxgw/wechat-core'
import { isAway } from '../batches.ts'
import { isReply } from '../store-errors.ts'

type Trials = {
  /** Rejects as `attempt`. While the store is away: without an attempt, with the last error under this name. */
  run<T>(name: string, attempt: () => Promise<T>): Promise<T>
}

/** Callers that arrive during a trial wait this long for its outcome. */
const TIMEOUT_MS = 100

/** `trial`: the running attempt. It resolves with true when the store answers again. */
type Outage = { error: unknown; trial: Promise<boolean> | undefined }

export function createTrials(): Trials {
  const outages = new Map<string, Outage>()

  /** `trialOf`: the outage whose trial this attempt is. */
  async function tried<T>(name: string, attempt: () => Promise<T>, trialOf?: Outage): Promise<T> {
    try {
      const answer = await attempt()
      outages.delete(name)
      return answer
    } catch (error) {
      // Of concurrent attempts, only the trial may end or restart the outage.
      const mayJudge = outages.get(name) === trialOf
      // A server that answers with an error is reachable.
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
      if (await within(TIMEOUT_MS, outage.trial)) return tried(name, attempt)
      throw outages.get(name)?.error ?? outage.error
    },
  }
}
