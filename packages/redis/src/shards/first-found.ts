// Owns: reading from all shards at once, when the shard of a value is unknown.

/**
 * Sends all reads in one round trip, and resolves with the first answer that is not undefined. Without one it resolves
 * with undefined, or rejects if a read failed.
 */
export async function firstFound<Shard, Answer>(
  shards: readonly Shard[],
  read: (shard: Shard) => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  const reads = shards.map(read)
  const found = reads.map(async (answer) => {
    const value = await answer
    if (value === undefined) throw new NotHere()
    return value
  })
  try {
    return await Promise.any(found)
  } catch {
    // No shard has it: reject if one of the reads failed.
    await Promise.all(reads)
    return undefined
  }
}

class NotHere extends Error {}
