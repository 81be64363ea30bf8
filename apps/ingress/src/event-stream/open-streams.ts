// Owns: the open event streams of this process: their number, how each ends, and their metrics.
import type { Metrics } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'

/** `slow`: the reader did not read in time. `rights`: its session has ended. `store`: Redis was unavailable. */
type StreamEnd = 'client' | 'drain' | 'slow' | 'rights' | 'store'

export type OpenStream = {
  /** Aborted when the stream has to end. */
  readonly signal: AbortSignal
  /** The first reason counts. */
  end(reason: StreamEnd): void
  sent(): void
}

type OpenStreams = {
  /** Throws RATE_LIMITED when there are too many. `end` releases the slot. */
  open(caller: string): OpenStream
  /** For the end of the process; readers reconnect to another. */
  endAll(): void
}

/** Per process. Each costs up to 2 MiB while its reader is slow. */
const MAX_STREAMS = 100
const MAX_PER_CALLER = 20

export function createOpenStreams(metrics: Metrics | undefined): OpenStreams {
  const open = new Map<OpenStream, string>()
  const counted = metrics && createInstruments(metrics, () => open.size)

  return {
    open(caller) {
      const own = [...open.values()].filter((name) => name === caller).length
      if (open.size >= MAX_STREAMS || own >= MAX_PER_CALLER) {
        throw new GatewayError('RATE_LIMITED', 'too many streams of events at once', {
          retry: true,
          retryAfterSeconds: 5,
        })
      }
      const ending = new AbortController()
      const stream: OpenStream = {
        signal: ending.signal,
        end(reason) {
          if (!open.delete(stream)) return
          counted?.ended.inc({ reason })
          ending.abort()
        },
        sent: () => counted?.events.inc(),
      }
      open.set(stream, caller)
      return stream
    },
    endAll() {
      for (const stream of open.keys()) stream.end('drain')
    },
  }
}

function createInstruments(metrics: Metrics, size: () => number) {
  metrics.gauge({
    name: 'wxgw_event_streams_open',
    help: 'Streams of events that this process serves',
    collect: (gauge) => gauge.set(size()),
  })
  return {
    ended: metrics.counter({
      name: 'wxgw_event_streams_ended_total',
      help: 'Streams of events that ended, by reason: client, drain, slow, rights, store',
      labels: ['reason'],
    }),
    events: metrics.counter({
      name: 'wxgw_event_stream_events_total',
      help: 'Events that were sent to readers of streams',
    }),
  }
}
