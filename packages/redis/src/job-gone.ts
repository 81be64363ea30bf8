// Owns: the numbers by which BullMQ says that a job is not there, or not in the state that it was to be taken from.

const CODES: readonly unknown[] = [-1, -3]

/** Somebody else was faster, or it ran meanwhile. */
export function isJobGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CODES.includes(error.code)
}
