// Owns: the stream of events of the internal listener: rights, filter, start position, and its end.
import { Readable } from 'node:stream'
import { compileTypePatterns, type GatewayEvent, matchesType } from '@wxgw/contracts'
import type { EventFeed, FeedPosition, Platform } from '@wxgw/platform'
import type { Config, Metrics } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { callerOf, requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import { createContentView } from '../auth/event-content.ts'
import type { ConsoleSessions } from '../console/sessions.ts'
import { createOpenStreams, type OpenStream } from '../event-stream/open-streams.ts'
import { streamFrames } from '../event-stream/stream-frames.ts'
import { createStreamPositions } from '../event-stream/stream-positions.ts'
import { whenOver } from '../http/request-over.ts'
import { platformOf } from '../platform-lookup.ts'
import { eventSchemas } from '../schemas/events.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import { assertEventLog } from './events.ts'

export type StreamPlatform = Pick<Platform, 'id' | 'keepsEventLog' | 'feed'>

type Deps = {
  config: Pick<Config, 'sealingKeys'>
  platforms: ReadonlyMap<string, StreamPlatform>
  sessions: ConsoleSessions | undefined
  metrics?: Metrics | undefined
}

/** A reader that reads nothing for this long is disconnected. It can resume at its position. */
const SLOW_MS = 10_000
const LOOKED_AT_EVERY_MS = 1_000
/** Buffered text for the reader, besides the system's buffers. */
const MAX_WAITING_BYTES = 64 * 1024

export function eventStreamRoute(app: GatewayServer, { config, platforms, sessions, metrics }: Deps): void {
  const positions = createStreamPositions(config)
  const streams = createOpenStreams(metrics)
  app.addHook('preClose', async () => streams.endAll())

  const options = { schema: eventSchemas.stream, onRequest: requireGrant({ action: 'events:read' }) }
  app.get(`${PREFIX}/events/stream`, options, async (request, reply) => {
    const platform = platformOf(platforms, request.params)
    assertEventLog(platform)
    const { feed } = platform
    const reader = { caller: callerOf(request), platform: platform.id }
    const asked = lastEventId(request) ?? request.query.after
    const known = asked === undefined ? undefined : positions.open(asked, reader, feed.shardCount)
    const stream = streams.open(reader.caller.name)
    whenOver(request.raw, reply.raw, () => stream.end('client'))
    const frames = streamFrames({
      feed,
      from: known ?? (await beginning(feed, stream)),
      signal: stream.signal,
      show: createShow(request),
      sealed: (position) => positions.seal(position, reader),
      mayGoOn: async () => {
        const goesOn = !request.bySession || (await sessions?.find(request)) !== undefined
        if (!goesOn) stream.end('rights')
        return goesOn
      },
      sent: stream.sent,
    })
    const text = untilSlow(frames, stream, () => reply.raw.destroy())
    return reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(text, { objectMode: false, highWaterMark: MAX_WAITING_BYTES }))
  })
}

/** The current end of the stream. */
async function beginning(feed: EventFeed, stream: OpenStream): Promise<FeedPosition> {
  try {
    return await feed.end()
  } catch (error) {
    stream.end('store')
    throw error
  }
}

/** Browsers send it when they reconnect. */
function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id']
  if (Array.isArray(id)) throw new GatewayError('INVALID_REQUEST', 'there is more than one Last-Event-ID')
  return id === '' ? undefined : id
}

type StreamRequest = FastifyRequest<{ Querystring: { types?: string; authorizers?: string; content?: string } }>

/** The filter and the text of the reader's events, compiled once. */
function createShow(request: StreamRequest): (event: GatewayEvent, body: string) => string | undefined {
  const { types, authorizers } = request.query
  const patterns = types === undefined ? undefined : compileTypePatterns(types.split(','))
  const asked = authorizers === undefined ? undefined : new Set(authorizers.split(','))
  const visible = visibleAuthorizers(request, 'events:read')
  const granted = visible && new Set<string | undefined>(visible)
  const view = createContentView(request)
  return (event, body) => {
    const { type, authorizerappid } = event
    if (granted?.has(authorizerappid) === false) return undefined
    if (asked && (authorizerappid === undefined || !asked.has(authorizerappid))) return undefined
    if (patterns && !matchesType(patterns, type.toLowerCase())) return undefined
    const shown = view(event)
    return shown === event ? body : JSON.stringify(shown)
  }
}

/** The same frames. Ends the stream when the reader is too slow, and when the store is unavailable. */
async function* untilSlow(
  frames: AsyncIterable<string>,
  stream: OpenStream,
  cut: () => void,
): AsyncGenerator<string, void> {
  let waitingSinceMs: number | undefined
  const timer = setInterval(() => {
    if (waitingSinceMs === undefined || performance.now() - waitingSinceMs < SLOW_MS) return
    stream.end('slow')
    cut()
  }, LOOKED_AT_EVERY_MS)
  try {
    for await (const frame of frames) {
      waitingSinceMs = performance.now()
      yield frame
      waitingSinceMs = undefined
    }
  } catch (error) {
    stream.end('store')
    throw error
  } finally {
    clearInterval(timer)
  }
}
