// Owns: continuing without the store. With SPOOL_DIR, or with MESSAGE_SHARDS over several masters, a push is accepted
// while the store with the data about it is unavailable.
import { isStoreAway } from '@wxgw/wechat-core'
import type { PassiveReplies } from './passive-answers.ts'

/** undefined: the store is unavailable. */
export async function unlessStoreAway<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isStoreAway(error)) return undefined
    throw error
  }
}

/** While the store is unavailable, no consumer can reply to a push. The push itself is accepted. */
export function repliesUnlessStoreAway(replies: PassiveReplies): PassiveReplies {
  return {
    answer(push) {
      const answer = replies.answer(push)
      return answer && unlessStoreAway(() => answer)
    },
  }
}
