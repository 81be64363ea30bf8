// Owns: which worker serves which inboxes. Every worker computes the same shares from the same list of workers, without
// a leader.

/** Workers per inbox: when one dies, the other continues at once. */
const LEAST_WORKERS = 2

/**
 * The inboxes of `worker`, ascending. The workers take them in turn, sorted by name. Each inbox has two workers or
 * more, if there are so many. The shares of two workers differ by one inbox at most.
 */
export function inboxesOf(worker: string, workers: readonly string[], inboxes: number): number[] {
  const inOrder = [...new Set(workers)].sort()
  const each = Math.min(Math.max(LEAST_WORKERS, Math.ceil((LEAST_WORKERS * inOrder.length) / inboxes)), inOrder.length)
  const place = inOrder.indexOf(worker)
  const own = new Set<number>()
  for (let turn = place; place >= 0 && turn < inboxes * each; turn += inOrder.length) own.add(Math.floor(turn / each))
  return [...own]
}
