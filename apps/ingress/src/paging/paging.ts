// Owns: the paging parameters of a request, and the cursor in its answer.
import type { Page } from '@wxgw/platform'
import type { FastifyRequest } from 'fastify'
import { callerOf } from '../auth/authenticate.ts'
import { createCursors } from './cursors.ts'
import type { Walk } from './seals.ts'

export type Paging = {
  /** The page to read. Throws INVALID_REQUEST for a cursor of another list, filter, platform or caller. */
  read(request: ListRequest): { limit: number; cursor: string | undefined }
  /** The answer: turns the position in `nextCursor` into a cursor. */
  answer<T>(request: ListRequest, page: Page<T>): Page<T>
}

type ListRequest = FastifyRequest<{ Querystring: { limit?: string; cursor?: string } }>

const DEFAULT_LIMIT = 100

export function createPaging(config: Parameters<typeof createCursors>[0]): Paging {
  const cursors = createCursors(config)
  return {
    read(request) {
      const { limit, cursor } = request.query
      return {
        limit: limit === undefined ? DEFAULT_LIMIT : Number(limit),
        cursor: cursor === undefined ? undefined : cursors.open(cursor, walkOf(request)),
      }
    },
    answer: (request, { items, nextCursor }) => ({
      items,
      nextCursor: nextCursor === null ? null : cursors.seal(nextCursor, walkOf(request)),
    }),
  }
}

/** The path with its parameters, and the query without the paging parameters. */
function walkOf(request: ListRequest): Walk {
  const filter = Object.entries(request.query)
    .filter(([name]) => name !== 'limit' && name !== 'cursor')
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
  return { caller: callerOf(request), list: JSON.stringify([request.routeOptions.url, request.params, filter]) }
}
