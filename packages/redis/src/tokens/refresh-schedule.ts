// Owns: which subjects are due for a refresh, and pauses of a platform's schedule. All workers poll it; Redis' clock
// and its single thread distribute the subjects. A pause after a refusal of WeChat applies to all workers.
import { COMPONENT_SUBJECT } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'
import { parseAnswer } from './snapshot.ts'

/**
 * Why scheduled refreshes are paused. `quota-day`: until midnight in Beijing, except for tokens with less than ten
 * minutes left. `quota-minute`: until the next minute. The others: until one refresh succeeds, which is tried every
 * minute or, when WeChat cannot be reached or a ticket is missing, every half minute.
 */
const PAUSE_REASONS = [
  'quota-day',
  'quota-minute',
  'ip-not-allowed',
  'component-refused',
  'unreachable',
  'ticket-missing',
] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

export type DueSubjects = { subjects: string[]; pausedBy: PauseReason | undefined }

export type ScheduleFigures = {
  due: number
  authorizers: number
  pausedBy: PauseReason | undefined
  /** Our address that WeChat refused. */
  refusedAddress: string | undefined
}

export type RefreshSchedule = {
  /**
   * Takes due subjects, the soonest to expire first, and postpones each by `retryMs` to 1.5 times that. No other worker
   * takes them meanwhile. A subject whose refresh fails, or whose worker dies, is due again after that time.
   */
  takeDue(limit: number, retryMs: number): Promise<DueSubjects>
  /** Removes a subject from the schedule. */
  forget(subject: string): Promise<void>
  /** True: by this call. `address`: our address that WeChat refused, if its answer contains it. */
  pause(reason: PauseReason, address?: string): Promise<boolean>
  /** Ends the pause, if it has this reason. True: by this call. */
  resume(reason: PauseReason): Promise<boolean>
  /** True once a day, for one of all workers; for the first time within a day of the first call. */
  auditDue(): Promise<boolean>
  figures(): Promise<ScheduleFigures>
}

const PROBE_EVERY_MS: Record<PauseReason, number> = {
  'quota-day': 0,
  'quota-minute': 0,
  'ip-not-allowed': 60_000,
  'component-refused': 60_000,
  unreachable: 30_000,
  'ticket-missing': 30_000,
}

const MAX_SEED = 2 ** 31

const takeDue = defineScript({
  name: 'tokens/take-due',
  keys: ['due', 'schedulePause', 'authorizerPrefix'],
  args: ['limit', 'retryMs', 'seed', 'component'],
})
const pauseSchedule = defineScript({
  name: 'tokens/pause-schedule',
  keys: ['schedulePause'],
  args: ['reason', 'probeEveryMs', 'seed', 'address'],
})
const resumeSchedule = defineScript({ name: 'tokens/resume-schedule', keys: ['schedulePause'], args: ['reason'] })
const auditDue = defineScript({ name: 'tokens/audit-due', keys: ['nextAudit'], args: ['seed'] })

export function createRefreshSchedule({
  redis,
  keys,
}: {
  redis: RedisConnection
  keys: PlatformKeys
}): RefreshSchedule {
  const { schedulePause, nextAudit } = keys
  const seed = () => Math.floor(Math.random() * MAX_SEED)
  return {
    takeDue: (limit, retryMs) =>
      guardStore(async () => {
        const answer = await takeDue(redis, {
          due: keys.due,
          schedulePause,
          authorizerPrefix: keys.authorizer(''),
          limit,
          retryMs,
          seed: seed(),
          component: COMPONENT_SUBJECT,
        })
        const [reason, ...subjects] = parseAnswer(answer)
        return { subjects, pausedBy: parseReason(reason) }
      }),

    forget: (subject) =>
      guardStore(async () => {
        await redis.zrem(keys.due, subject)
      }),

    pause: (reason, address = '') =>
      guardStore(async () => {
        const probeEveryMs = PROBE_EVERY_MS[reason]
        return (await pauseSchedule(redis, { schedulePause, reason, probeEveryMs, seed: seed(), address })) === 1
      }),

    resume: (reason) => guardStore(async () => (await resumeSchedule(redis, { schedulePause, reason })) === 1),

    auditDue: () => guardStore(async () => (await auditDue(redis, { nextAudit, seed: seed() })) === 1),

    figures: () =>
      guardStore(async () => {
        const [seconds] = await redis.time()
        const [due, authorizers, [reason, address]] = await Promise.all([
          redis.zcount(keys.due, '-inf', Number(seconds) * 1000),
          redis.zcard(keys.authorizers),
          redis.hmget(keys.schedulePause, 'reason', 'address'),
        ])
        return { due, authorizers, pausedBy: parseReason(reason), refusedAddress: address || undefined }
      }),
  }
}

function parseReason(text: string | null | undefined): PauseReason | undefined {
  return PAUSE_REASONS.find((reason) => reason === text)
}
