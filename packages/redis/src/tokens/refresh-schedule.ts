// Owns: which subjects are due for a refresh, and when the whole schedule of a platform has to wait. Every worker asks;
// Redis' clock and its single thread share the work out, and one word about WeChat's refusals holds for all of them.
import { COMPONENT_SUBJECT } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'
import { parseAnswer } from './snapshot.ts'

/**
 * Why scheduled refreshes wait. `quota-day`: until midnight in Beijing, except for tokens with less than ten minutes
 * left. `quota-minute`: until the next minute. The others: one refresh at a time finds out whether it is over, every
 * minute or, when WeChat is out of reach or a ticket is missing, every half minute.
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
  /** Of ours, that WeChat has refused. */
  refusedAddress: string | undefined
}

export type RefreshSchedule = {
  /**
   * Takes what is due, the soonest to expire first, and puts it off by `retryMs` and up to half as much again, so that
   * nobody else takes it meanwhile and what fails, or whose worker dies, comes again, spread out.
   */
  takeDue(limit: number, retryMs: number): Promise<DueSubjects>
  /** Nothing to refresh here any more. */
  forget(subject: string): Promise<void>
  /** True for the first who says so, over all workers. `address`: which of ours WeChat has refused, when it said so. */
  pause(reason: PauseReason, address?: string): Promise<boolean>
  /** Ends a pause, if it still is for this reason. True for whoever ended it. */
  resume(reason: PauseReason): Promise<boolean>
  /** True once a day, over all workers; for the first time within a day of the first question. */
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
