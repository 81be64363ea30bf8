// Owns: how long a command waits for something: as long as anything moves, however slow the machine is.
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

/** Without any movement for so long, it hangs. Loading a program in silence takes less, even on a slow machine. */
const STALL_MS = 120_000
/** What has not come by then does not come, even if something still moves. */
const END_MS = 600_000
const POLL_MS = 50
/** More between two looks means that this process got no processor either: that time does not count. */
const MAX_STEP_MS = 1000

/**
 * Asks until `ask` answers something, and answers that. `movement` is a number that changes with every sign of progress: each
 * change starts `stallMs` anew. Rejects, with `what` was waited for, after `stallMs` without one and after `endMs` in all.
 */
export async function waitFor(what, ask, { movement = () => 0, stallMs = STALL_MS, endMs = END_MS } = {}) {
  let seen = movement()
  let lastLookMs = performance.now()
  let stalledMs = 0
  let waitedMs = 0
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    const nowMs = performance.now()
    const stepMs = Math.min(nowMs - lastLookMs, MAX_STEP_MS)
    lastLookMs = nowMs
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
