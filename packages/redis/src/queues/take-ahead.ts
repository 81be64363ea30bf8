// Owns: that the jobs which wait when a worker looks are taken in one step, as many as it has places for, and that it does not ask
// again for what it has just been told is not there.
import { raw2NextJobData, type RedisQueueBackend } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { takeJobs } from './take-jobs-script.ts'

export type TakeAheadDeps = {
  connection: RedisConnection
  lockMs: number
  tells: boolean
  /** How many jobs the worker would take now, the one that it asks for among them. */
  freePlaces(): number
  /** Does it take no more? */
  isEnding(): boolean
}

/** As many as the other scripts do at once, so that none keeps Redis for long. */
const MOST_AT_ONCE = 25
/** BullMQ numbers the tokens of a worker's questions. */
const NUMBERED = /^(.*:)(\d+)$/
const ASK_BULLMQ = 2

/** As the scripts answer a job. */
type RawJob = [fields: string[], id: string]
type Held = { token: string; job: RawJob }

/**
 * BullMQ's worker asks for one job after the other, and begins with the first only when there is no other or it has no more
 * places: while twenty waited, twenty questions stood before each. Now the first brings all, and the next are answered from here in
 * the same turn of the event loop, so that nothing is held while the worker does anything else.
 */
export function takeAhead(backend: RedisQueueBackend, deps: TakeAheadDeps): void {
  const { connection, lockMs, isEnding } = deps
  const byBullMq = backend.moveToActive.bind(backend)
  const waitForJob = backend.waitForJob.bind(backend)
  const held: Held[] = []
  /** After a look that left nothing: when the next delayed job is due, or 0. Of no use once the worker has waited. */
  let nothingUntilMs: number | undefined

  async function handOver({ token, job }: Held, asked: string): Promise<unknown[]> {
    // Not seen: the numbers that were foreseen are those that BullMQ gives.
    if (token !== asked) await connection.set(`${backend.keys[''] ?? ''}${job[1]}:lock`, asked, 'PX', lockMs, 'XX')
    return raw2NextJobData([...job, 0, 0])
  }

  /** The oldest at last, so that it is the next. */
  async function giveBackAll(): Promise<void> {
    for (let last = held.pop(); last !== undefined; last = held.pop()) await backend.moveJobFromActiveToWait(last.job[1], last.token)
  }

  backend.moveToActive = async (token, name) => {
    const next = held.shift()
    if (next !== undefined) return handOver(next, token)
    if (nothingUntilMs !== undefined) {
      const delayedUntilMs = nothingUntilMs
      nothingUntilMs = undefined
      return [null, 0, 0, delayedUntilMs]
    }
    const [, tokens, number] = NUMBERED.exec(token) ?? []
    if (tokens === undefined) return byBullMq(token, name)
    const first = Number(number)
    const answer = await ask(backend, deps, { tokens, first })
    if (answer === undefined) return byBullMq(token, name)
    const { jobs, isAll, delayedUntilMs } = answer
    held.push(...jobs.map((job, index) => ({ token: `${tokens}${first + index}`, job })))
    const taken = held.shift()
    if (taken === undefined) return [null, 0, 0, delayedUntilMs]
    if (isAll) nothingUntilMs = delayedUntilMs
    // It asks no more: the others would stand there until their locks are over.
    if (isEnding()) await giveBackAll()
    return handOver(taken, token)
  }

  backend.waitForJob = (blockTimeout) => {
    nothingUntilMs = undefined
    return waitForJob(blockTimeout)
  }
}

type Taken = { jobs: RawJob[]; isAll: boolean; delayedUntilMs: number }

/** undefined: BullMQ is to look. */
async function ask(
  { keys }: RedisQueueBackend,
  { connection, lockMs, tells, freePlaces }: TakeAheadDeps,
  { tokens, first }: { tokens: string; first: number },
): Promise<Taken | undefined> {
  const names = ['wait', 'active', 'prioritized', 'events', 'delayed', 'meta', 'marker'].map((name) => keys[name] ?? '')
  const most = Math.min(Math.max(freePlaces(), 1), MOST_AT_ONCE)
  const args = [keys[''] ?? '', Date.now(), lockMs, tells ? 1 : 0, tokens, first, most]
  const answer = await runScript(connection, takeJobs, { keys: names, args })
  if (!Array.isArray(answer) || answer[0] === ASK_BULLMQ) return undefined
  const [isAll, delayedUntil, ...jobs] = answer as [number, string, ...RawJob[]]
  return { jobs, isAll: isAll === 1, delayedUntilMs: Number(delayedUntil) }
}
