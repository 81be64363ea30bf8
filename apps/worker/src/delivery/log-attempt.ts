// Owns: the line in the log that each attempt leaves.
import type { Log } from '@wxgw/runtime'
import type { Verdict } from './judge-attempt.ts'

export function logAttempt(
  log: Log,
  { verdict, ...fields }: { eventId: string; subscription: string; attempt: number; verdict: Verdict; durationMs: number },
): void {
  const outcome =
    verdict.kind === 'done'
      ? { outcome: 'delivered', ...(verdict.replyProblem === undefined ? {} : { replyProblem: verdict.replyProblem }) }
      : { outcome: verdict.kind, error: verdict.error, ...(verdict.kind === 'retry' ? { retryInMs: verdict.delayMs } : {}) }
  log.info({ ...fields, ...outcome }, 'delivery.attempted')
}
