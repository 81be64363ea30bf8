// Owns: recording events of one account in their order, one step after the other.
import { isAway, MAX_BATCH } from '../batches.ts'
import { MAX_WRITES } from '../consumers/recorded-writes.ts'
import type { NewEvent } from './record-arguments.ts'

/** The subscriptions that have the event. `claimed`: another arrival has it. */
export type Recorded = readonly string[] | 'claimed'

type RecordStep = (events: readonly NewEvent[]) => Promise<readonly Recorded[]>
type Outcome = readonly string[] | undefined | Error

/** Writes to consumers in one step. */
export const RECORD_WEIGHT = { of: ({ writes }: NewEvent) => writes.length, limit: MAX_WRITES }

/** As EventLog.recordInOrder. */
export async function recordInOrder(events: readonly NewEvent[], record: RecordStep): Promise<Outcome[]> {
  const refused = new Set<string>()
  const outcomes: Outcome[] = []
  for (const step of stepsOf(events)) {
    for (const recorded of await tryStep(step, record, refused)) {
      outcomes.push(recorded === 'claimed' ? undefined : recorded)
    }
  }
  return outcomes
}

/**
 * Adds to `refused` the subscriptions whose write was not made. When an event is refused, each is recorded by itself,
 * one after the other.
 */
async function tryStep(
  events: readonly NewEvent[],
  record: RecordStep,
  refused: Set<string>,
): Promise<ReadonlyArray<Recorded | Error>> {
  const tried = events.map((one) => {
    return { ...one, writes: one.writes.filter(({ subscription }) => !refused.has(subscription)) }
  })
  try {
    const recorded = await record(tried)
    tried.forEach(({ writes }, index) => {
      const served = recorded[index]
      if (!Array.isArray(served)) return
      for (const { subscription } of writes) if (!served.includes(subscription)) refused.add(subscription)
    })
    return recorded
  } catch (error) {
    if (isAway(error) || !(error instanceof Error)) throw error
    if (events.length === 1) return [error]
    const alone: Array<Recorded | Error> = []
    for (const one of events) alone.push(...(await tryStep([one], record, refused)))
    return alone
  }
}

function stepsOf(events: readonly NewEvent[]): NewEvent[][] {
  const steps: NewEvent[][] = []
  let weight = 0
  for (const one of events) {
    const step = steps.at(-1)
    weight += RECORD_WEIGHT.of(one)
    if (step !== undefined && step.length < MAX_BATCH && weight <= RECORD_WEIGHT.limit) step.push(one)
    else {
      steps.push([one])
      weight = RECORD_WEIGHT.of(one)
    }
  }
  return steps
}
