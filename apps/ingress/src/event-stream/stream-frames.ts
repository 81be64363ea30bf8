// Owns: the server-sent events of a stream of events.
// @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
import type { GatewayEvent } from '@wxgw/contracts'
import type { EventFeed, FeedPosition } from '@wxgw/platform'

type FramesDeps = {
  feed: Pick<EventFeed, 'follow'>
  from: FeedPosition
  signal: AbortSignal
  /** undefined: the reader does not get this event. `body`: the event as JSON. */
  show(event: GatewayEvent, body: string): string | undefined
  sealed(position: FeedPosition): string
  /** Called before each comment; false ends the stream. Rejects with STORE_UNAVAILABLE. */
  mayGoOn(): Promise<boolean>
  sent(): void
}

const COMMENT_EVERY_MS = 15_000
/** How long browsers wait before they connect again. */
const RETRY_MS = 1_000

/**
 * The first frame and each comment contain the position too, so that a reader that got no event can resume, and skipped
 * events are not read again. A frame without data is no event to a reader.
 */
export async function* streamFrames(deps: FramesDeps): AsyncGenerator<string, void> {
  const { feed, from, signal, show, sealed, mayGoOn, sent } = deps
  yield `retry: ${RETRY_MS}\nid: ${sealed(from)}\n\n`
  let commentedAtMs = performance.now()
  for await (const step of feed.follow(from, signal)) {
    if (step.kind === 'gap') {
      yield `event: gap\nid: ${sealed(step.position)}\ndata: ${JSON.stringify({ from: new Date(step.fromMs).toISOString() })}\n\n`
    }
    const shown = step.kind === 'event' ? show(step.event, step.body) : undefined
    if (shown !== undefined) {
      sent()
      yield `id: ${sealed(step.position)}\ndata: ${shown}\n\n`
    }
    if (performance.now() - commentedAtMs < COMMENT_EVERY_MS) continue
    commentedAtMs = performance.now()
    if (!(await mayGoOn())) return
    yield `: ${new Date().toISOString()}\nid: ${sealed(step.position)}\n\n`
  }
}
