// Owns: listing, replaying and discarding the dead letters of one subscription.
import { api, dataOf } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { useSession } from '../../session/session.ts'
import { usePages } from '../../ui/rows.tsx'

export type DeadLetter = operations['listDeadLetters']['responses'][200]['content']['application/json']['items'][number]

const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}/dead-letters'
/** Bounds the ids of one request, which are part of its URL. */
const MAX_CHARACTERS = 3000

/** `reason` '': all. */
export function useDeadLetterPages(name: string, reason: string) {
  const { platform } = useSession()
  return usePages([platform, 'subscriptions', 'dead-letters', name, reason], (page) => {
    const filter = reason === '' ? { limit: '50' } : { limit: '200', reason }
    const query = { content: 'false' as const, ...filter, ...page }
    return dataOf(api.GET(PATH, { params: { path: { platform, name }, query } }))
  })
}

type DeadLetterAction = (ids: readonly string[] | undefined) => Promise<number>

/** Both return the number of dead letters; undefined ids: all. */
export function useDeadLetterCalls(name: string): { replay: DeadLetterAction; discard: DeadLetterAction } {
  const { platform } = useSession()
  const path = { platform, name }
  return {
    replay: (ids) =>
      inBatches(ids, async (batch) => {
        const body = batch ? { ids: [...batch] } : {}
        return (await dataOf(api.POST(`${PATH}/replay`, { params: { path }, body }))).replayed
      }),
    discard: (ids) =>
      inBatches(ids, async (batch) => {
        const query = batch ? { ids: batch.join(',') } : {}
        return (await dataOf(api.DELETE(PATH, { params: { path, query } }))).discarded
      }),
  }
}

/** One batch after the other: the gateway bounds the concurrent requests of a key. */
async function inBatches(ids: readonly string[] | undefined, run: DeadLetterAction): Promise<number> {
  if (!ids) return run(undefined)
  let count = 0
  for (const batch of batchesOf(ids)) count += await run(batch)
  return count
}

function batchesOf(ids: readonly string[]): string[][] {
  const batches: string[][] = []
  let characters = MAX_CHARACTERS
  for (const id of ids) {
    characters += id.length + 1
    if (characters > MAX_CHARACTERS) {
      batches.push([])
      characters = id.length
    }
    batches.at(-1)?.push(id)
  }
  return batches
}
