// Owns: which worker serves which inboxes. Everybody computes the same from the same list of workers, so that nobody
// has to decide.

/** Of an inbox: should one die, the other is there at once. */
const LEAST_WORKERS = 2

/**
 * The inboxes of `worker`, ascending: in the order of their names the workers take them in turn. Each inbox has two
 * workers or more, as far as there are so many; what two workers have differs by one at most, and is two or more.
 */
export function inboxesOf(worker: string, workers: readonly string[], inboxes: number): number[] {
  const inOrder = [...new Set(workers)].sort()
  const each = Math.min(Math.max(LEAST_WORKERS, Math.ceil((LEAST_WORKERS * inOrder.length) / inboxes)), inOrder.length)
  const place = inOrder.indexOf(worker)
  const own = new Set<number>()
  for (let turn = place; place >= 0 && turn < inboxes * each; turn += inOrder.length) own.add(Math.floor(turn / each))
  return [...own]
}
