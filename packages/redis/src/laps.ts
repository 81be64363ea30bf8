// Owns: polling many items in rounds, at a bounded rate.
import { pause } from '@wxgw/wechat-core'

export type Laps = { close(): Promise<void> }

export type LapsDeps<Item> = {
  items(): readonly Item[]
  /** Must not reject. The next items wait for it. */
  visit(items: readonly Item[]): Promise<void>
  /** Default 1,000. */
  lapMs?: number
}

const LAP_MS = 1_000
/** Small, so that other commands on the connection wait only milliseconds. */
const BATCH = 100
/** At most 3,000 items a second. */
const SHORTEST_PAUSE_MS = 1_000 / 30

/** Visits each item once a second, spread over that second. Of more than 3,000 items it visits 3,000 a second. */
export function startLaps<Item>({ items, visit, lapMs = LAP_MS }: LapsDeps<Item>): Laps {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = run()

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const all = items()
      const steps = Math.max(Math.ceil(all.length / BATCH), 1)
      const stepMs = Math.max(lapMs / steps, Math.min(lapMs, SHORTEST_PAUSE_MS))
      for (let step = 0; step < steps && !signal.aborted; step += 1) {
        const startedAtMs = performance.now()
        await visit(all.slice(step * BATCH, (step + 1) * BATCH))
        await pause(stepMs - (performance.now() - startedAtMs), signal)
      }
    }
  }

  return {
    async close() {
      stopping.abort()
      await running
    },
  }
}
