// Owns: that the jobs which wait when a worker looks are taken in one step, as many as it has places for, and that it does not ask
// again for what it has just been told is not there.
import { raw2NextJobData, type RedisQueueBackend } from 'bullmq'
import { MOST_AT_ONCE } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { keysOf, prefixOf } from './bullmq-format.ts'
import { takeJobs } from './take-jobs-script.ts'

export type TakeAheadDeps = {
  connection: RedisConnection
  lockMs: number
  tells: boolean
  /** How many jobs the worker would take now, the one that it asks for among them. */
  freePlaces(): number
  /** Does it take no more? */
  isEnding(): boolean
  /** Of a job that could not be given back: it runs again when its lock is over. */
  onError(error: unknown): void
}

/** BullMQ numbers the questions of a worker's main loop; what a job that is put off asks for has that job's number. */
const NUMBERED = /^(.*:)(\d+)$/
const ASK_BULLMQ = 2

/** As the scripts answer a job. */
export type RawJob = [fields: string[], id: string]
type Held = { token: string; job: RawJob }

/**
 * BullMQ's main loop asks for one job after the other, and begins with the first only when there is no other or it has no more
 * places: while twenty waited, twenty questions stood before each. Now the first brings all, and the next are answered from here in
 * the same turn of the event loop. What the loop does not ask for in that turn, since a job's end has told it meanwhile to wait, is
 * given back when the turn is over; so is what has been learned of the queue.
 */
export function takeAhead(backend: RedisQueueBackend, deps: TakeAheadDeps): void {
  const byBullMq = backend.moveToActive.bind(backend)
  let held: Held[] = []
  /** After a look that left nothing: when the next delayed job is due, or 0. */
  let nothingUntilMs: number | undefined
  let newest = -1

  /** The oldest at last, so that it is the next. */
  async function giveBack(jobs: readonly Held[]): Promise<void> {
    for (const { token, job } of jobs.toReversed()) await backend.moveJobFromActiveToWait(job[1], token).catch(deps.onError)
  }

  function endTurn(): void {
    nothingUntilMs = undefined
    const left = held
    held = []
    void giveBack(left)
  }

  backend.moveToActive = async (token, name) => {
    const [, tokens, number] = NUMBERED.exec(token) ?? []
    const asked = Number(number)
    if (tokens === undefined || asked <= newest) return byBullMq(token, name)
    newest = asked
    const [next] = held
    if (next?.token === token) {
      held.shift()
      return asNextJob(next.job)
    }
    if (nothingUntilMs !== undefined) {
      const delayedUntilMs = nothingUntilMs
      nothingUntilMs = undefined
      return noJobUntil(delayedUntilMs)
    }
    const answer = await ask(backend, deps, { tokens, first: asked })
    if (answer === undefined) return byBullMq(token, name)
    const { jobs, isAll, delayedUntilMs } = answer
    const [taken, ...others] = jobs.map((job, index) => ({ token: `${tokens}${asked + index}`, job }))
    if (taken === undefined) return noJobUntil(delayedUntilMs)
    // It asks no more: the others would stand there until their locks are over.
    if (deps.isEnding()) await giveBack(others)
    else {
      held = others
      if (isAll) nothingUntilMs = delayedUntilMs
      setImmediate(endTurn)
    }
    return asNextJob(taken.job)
  }
}

/** As BullMQ's worker wants to be answered. */
export function asNextJob(job: RawJob): unknown[] {
  return raw2NextJobData([...job, 0, 0])
}

/** There is none; the next delayed job is due then, 0 without one. */
export function noJobUntil(delayedUntilMs: number): unknown[] {
  return [null, 0, 0, delayedUntilMs]
}

type Taken = { jobs: RawJob[]; isAll: boolean; delayedUntilMs: number }

/** undefined: BullMQ is to look. */
async function ask(
  backend: RedisQueueBackend,
  { connection, lockMs, tells, freePlaces }: TakeAheadDeps,
  { tokens, first }: { tokens: string; first: number },
): Promise<Taken | undefined> {
  const keys = keysOf(backend, ['wait', 'active', 'prioritized', 'events', 'delayed', 'meta', 'marker'])
  const most = Math.min(Math.max(freePlaces(), 1), MOST_AT_ONCE)
  const args = [prefixOf(backend), Date.now(), lockMs, tells ? 1 : 0, tokens, first, most]
  const answer = await runScript(connection, takeJobs, { keys, args })
  if (!Array.isArray(answer) || answer[0] === ASK_BULLMQ) return undefined
  const [isAll, delayedUntil, ...jobs] = answer as [number, string, ...RawJob[]]
  return { jobs, isAll: isAll === 1, delayedUntilMs: Number(delayedUntil) }
}
