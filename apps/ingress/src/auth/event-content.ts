// Owns: who sees the content of events: callers with the action `events:content`.
import { withoutContent } from '@wxgw/contracts'
import type { FastifyRequest } from 'fastify'
import { visibleAuthorizers } from './authenticate.ts'

type ContentRequest = FastifyRequest<{ Querystring: { content?: string } }>

/** An event as the caller may see it. */
export function createContentView(request: ContentRequest): (event: unknown) => unknown {
  const shows = createContentSight(request)
  return (event) => (shows(event) ? event : withoutContent(event))
}

/** Whether the caller sees the content of an event. */
export function createContentSight(request: ContentRequest): (event: unknown) => boolean {
  if (request.query.content === 'false') return () => false
  const only = visibleAuthorizers(request, 'events:content')
  request.showsContent = only === undefined || only.length > 0
  if (only === undefined) return () => true
  const granted: ReadonlySet<unknown> = new Set(only)
  return (event) => granted.has(accountOf(event))
}

function accountOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'authorizerappid' in event ? event.authorizerappid : undefined
}
