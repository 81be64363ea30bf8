// Owns: reading from all shards at once what is in one unknown shard.

/**
 * Sends all reads together, in one round trip, and resolves with the first answer that is not undefined. Without one it
 * rejects as a shard that did not answer, or resolves with undefined.
 */
export async function firstFound<Shard, Answer>(
  shards: readonly Shard[],
  ask: (shard: Shard) => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  const asked = shards.map(ask)
  const found = asked.map(async (answer) => {
    const value = await answer
    if (value === undefined) throw new NotHere()
    return value
  })
  try {
    return await Promise.any(found)
  } catch {
    // Not one has it: the answers themselves say whether each of them knows that.
    await Promise.all(asked)
    return undefined
  }
}

class NotHere extends Error {}
