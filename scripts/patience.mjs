// Owns: polling for a condition. It times out when there is no progress, so that a slow machine only takes longer.
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

/** Time-out without progress. Even on a slow machine, loading a program takes less. */
const STALL_MS = 120_000
/** Time-out even with progress. */
const END_MS = 600_000
const POLL_MS = 50
/** A longer interval between two polls counts as this: the process itself got no CPU. */
const MAX_STEP_MS = 1000

/**
 * Polls `ask` until it returns something, and returns that. `movement` returns a number that changes with progress: each
 * change restarts `stallMs`. Rejects, naming `what`, after `stallMs` without progress and after `endMs` in all.
 */
export async function waitFor(what, ask, { movement = () => 0, stallMs = STALL_MS, endMs = END_MS } = {}) {
  let seen = movement()
  let lastPollMs = performance.now()
  let stalledMs = 0
  let waitedMs = 0
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    const nowMs = performance.now()
    const stepMs = Math.min(nowMs - lastPollMs, MAX_STEP_MS)
    lastPollMs = nowMs
    const moved = movement()
    stalledMs = moved === seen ? stalledMs + stepMs : 0
    waitedMs += stepMs
    seen = moved
    if (stalledMs >= stallMs) throw new Error(`nothing moved for ${seconds(stallMs)} while waiting until ${what}`)
    if (waitedMs >= endMs) throw new Error(`waited for ${seconds(endMs)} until ${what}`)
    await delay(POLL_MS)
  }
}

function seconds(ms) {
  return `${ms / 1000} s`
}
