// Owns: who sees what users wrote: `data` beyond a few fields is shown by the action `events:content` only, and to nobody who does
// not want it.
import type { FastifyRequest } from 'fastify'
import { visibleAuthorizers } from './authenticate.ts'

/** What kind of event it is, and when it was: nothing that a user wrote. */
const ALWAYS_SHOWN = ['MsgType', 'Event', 'InfoType', 'MsgId', 'CreateTime']

export type ContentRequest = FastifyRequest<{ Querystring: { content?: string } }>

/** An event as the caller may see it. */
export function createContentView(request: ContentRequest): (event: unknown) => unknown {
  if (request.query.content === 'false') return withoutContent
  const only = visibleAuthorizers(request, 'events:content')
  if (only === undefined) return (event) => event
  const granted: ReadonlySet<unknown> = new Set(only)
  return (event) => (isRecord(event) && granted.has(event['authorizerappid']) ? event : withoutContent(event))
}

function withoutContent(event: unknown): unknown {
  if (!isRecord(event) || !isRecord(event['data'])) return event
  return { ...event, data: Object.fromEntries(Object.entries(event['data']).filter(([name]) => ALWAYS_SHOWN.includes(name))) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
