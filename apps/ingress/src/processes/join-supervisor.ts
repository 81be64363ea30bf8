// Owns: the messages of a supervised process: it stops on request, and answers a scrape with the metrics of all
// processes.
import { mergedMetricsText, type Metrics } from '@wxgw/runtime'
import { parseToProcess, type SlotMetrics, type ToProcess, type ToSupervisor } from './messages.ts'

type Channel = {
  on(event: 'message', listener: (message: unknown) => void): unknown
  send?: (message: ToSupervisor) => boolean
  kill(pid: number, signal: NodeJS.Signals): unknown
  readonly pid: number
}

type Deps = { channel: Channel; metrics: Metrics; stopping: AbortSignal }

type Supervised = {
  /** The process' own metrics, but `text` is that of all processes, each with its label `slot`. */
  metrics: Metrics
  /** Both listeners are open. */
  started(): void
}

export function joinSupervisor({ channel, metrics, stopping }: Deps): Supervised {
  const scrapes = new Map<number, (all: SlotMetrics[]) => void>()
  let ids = 0

  async function answer(id: number): Promise<void> {
    channel.send?.({ kind: 'metrics', id, metrics: await metrics.snapshot() })
  }

  function onMessage(message: ToProcess): void {
    switch (message.kind) {
      case 'stop':
        // Sends the same signal: a terminal has sent it to the whole group already, and another signal would exit at
        // once.
        if (!stopping.aborted) channel.kill(channel.pid, message.signal)
        return
      case 'metrics-wanted':
        void answer(message.id)
        return
      case 'all-metrics':
        scrapes.get(message.id)?.(message.all)
        scrapes.delete(message.id)
        return
      default:
        message satisfies never
    }
  }

  channel.on('message', (received) => {
    const message = parseToProcess(received)
    if (message) onMessage(message)
  })

  return {
    metrics: {
      ...metrics,
      async text() {
        ids += 1
        const id = ids
        const all = await new Promise<SlotMetrics[]>((resolve) => {
          scrapes.set(id, resolve)
          channel.send?.({ kind: 'all-metrics-wanted', id })
        })
        return mergedMetricsText(all)
      },
    },
    started: () => void channel.send?.({ kind: 'started' }),
  }
}
