// Owns: visiting many things in turn, again and again, at a pace that does not grow with their number without end.
import { pause } from '@wxgw/wechat-core'

export type Laps = { close(): Promise<void> }

export type LapsDeps<Item> = {
  items(): readonly Item[]
  /** Never rejects. The next ones wait for it. */
  visit(items: readonly Item[]): Promise<void>
  /** Default 1,000. */
  lapMs?: number
}

const LAP_MS = 1_000
/** So few that what else goes over the connection waits for milliseconds. */
const TOGETHER = 100
/** 3,000 visits a second at most. */
const SHORTEST_PAUSE_MS = 1_000 / 30

/** Each is visited once a second; of more than 3,000 all, in turn, 3,000 a second. Spread over the second. */
export function startLaps<Item>({ items, visit, lapMs = LAP_MS }: LapsDeps<Item>): Laps {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = run()

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const all = items()
      const steps = Math.max(Math.ceil(all.length / TOGETHER), 1)
      const stepMs = Math.max(lapMs / steps, Math.min(lapMs, SHORTEST_PAUSE_MS))
      for (let step = 0; step < steps && !signal.aborted; step += 1) {
        const startedAtMs = performance.now()
        await visit(all.slice(step * TOGETHER, (step + 1) * TOGETHER))
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
