// Owns: the calls about the dead letters of one subscription.
import { answered, api } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { useSession } from '../../session/session.ts'
import { usePages } from '../../ui/rows.tsx'

export type DeadLetter = operations['listDeadLetters']['responses'][200]['content']['application/json']['items'][number]

const PATH = '/apis/v1/wx/{platform}/subscriptions/{name}/dead-letters'
/** Of the ids of one call: they stand in its URL. */
const MAX_CHARACTERS = 3000

/** `reason`: '' = every one. */
export function useDeadLetterPages(name: string, reason: string) {
  const { platform } = useSession()
  return usePages([platform, 'subscriptions', 'dead-letters', name, reason], (cursor) => {
    const given = reason === '' ? {} : { reason }
    const query = {
      limit: reason === '' ? '50' : '200',
      content: 'false' as const,
      ...given,
      ...(cursor === undefined ? {} : { cursor }),
    }
    return answered(api.GET(PATH, { params: { path: { platform, name }, query } }))
  })
}

type Act = (ids: readonly string[] | undefined) => Promise<number>

/** Both answer how many they took; without ids, all. */
export function useDeadLetterCalls(name: string): { replay: Act; discard: Act } {
  const { platform } = useSession()
  const path = { platform, name }
  return {
    replay: (ids) =>
      inParts(ids, async (part) => {
        const body = part ? { ids: [...part] } : {}
        return (await answered(api.POST(`${PATH}/replay`, { params: { path }, body }))).replayed
      }),
    discard: (ids) =>
      inParts(ids, async (part) => {
        const query = part ? { ids: part.join(',') } : {}
        return (await answered(api.DELETE(PATH, { params: { path, query } }))).discarded
      }),
  }
}

/** One after the other: the gateway works on few such calls of a key at a time. */
async function inParts(ids: readonly string[] | undefined, act: Act): Promise<number> {
  if (!ids) return act(undefined)
  let taken = 0
  for (const part of partsOf(ids)) taken += await act(part)
  return taken
}

function partsOf(ids: readonly string[]): string[][] {
  const parts: string[][] = []
  let characters = MAX_CHARACTERS
  for (const id of ids) {
    characters += id.length + 1
    if (characters > MAX_CHARACTERS) {
      parts.push([])
      characters = id.length
    }
    parts.at(-1)?.push(id)
  }
  return parts
}
