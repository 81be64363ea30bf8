// Owns: a sentence that every kind of store must make true, and running all of them over one.
import type { Test } from 'tap'
import type { StoresUnderTest } from './stores-under-test.ts'

export type Sentence = { says: string; isTrue(t: Test, stores: StoresUnderTest): Promise<void> }

export async function runSentences(
  t: Test,
  sentences: readonly Sentence[],
  open: () => StoresUnderTest,
): Promise<void> {
  for (const { says, isTrue } of sentences) await t.test(says, (t) => isTrue(t, open()))
}
