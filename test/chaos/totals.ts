// Owns: what all scenarios of a run come to together.
import type { Facts } from './scenario.ts'

export type Totals = {
  acknowledged: number
  missing: number
  kills: number
  powerCuts: number
  restarts: number
  /** The slowest answer of all, in ms. */
  slowestMs: number
}

export function emptyTotals(): Totals {
  return { acknowledged: 0, missing: 0, kills: 0, powerCuts: 0, restarts: 0, slowestMs: 0 }
}

/** What a scenario does not speak of counts as none. */
export function addTo(totals: Totals, facts: Facts): void {
  const of = (name: keyof Totals) => Number(facts[name] ?? 0)
  totals.acknowledged += of('acknowledged')
  totals.missing += of('missing')
  totals.kills += of('kills')
  totals.powerCuts += of('powerCuts')
  totals.restarts += of('restarts')
  totals.slowestMs = Math.max(totals.slowestMs, of('slowestMs'))
}

export function totalsLine({ acknowledged, missing, kills, powerCuts, restarts, slowestMs }: Totals): string {
  return [
    `in all ${acknowledged} acknowledged, ${missing} missing`,
    `${kills} kills, ${powerCuts} power cuts, ${restarts} restarts`,
    `slowest answer ${slowestMs} ms`,
  ].join('; ')
}
