// Owns: which part of a sweep `npm test` makes. All of it: npm test -- --whole.

/** Every `step`th case of a sweep, from the one at `offset` on; all of them with --whole. */
export function selection<T>(cases: readonly T[], { step, offset = 0 }: { step: number; offset?: number }): T[] {
  if (process.env['TEST_SWEEPS'] !== 'selection') return [...cases]
  return cases.filter((_, index) => index % step === offset % step)
}
