// Owns: BullMQ's error codes for a job that does not exist or is in another state.

const CODES: readonly unknown[] = [-1, -3]

/** Another process has fetched the job, or it ran meanwhile. */
export function isJobGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CODES.includes(error.code)
}
