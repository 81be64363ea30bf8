// Owns: Welch's t of two samples of times: how sure it is that their means differ. The slowest tenth is noise of the machine and left out.

const KEPT = 0.9

export function welchT([left, right]: readonly [readonly number[], readonly number[]]): number {
  const [a, b] = [momentsOf(left), momentsOf(right)]
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}

function momentsOf(samples: readonly number[]): { mean: number; variance: number; count: number } {
  const kept = samples.toSorted((left, right) => left - right).slice(0, Math.floor(samples.length * KEPT))
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length
  const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1)
  return { mean, variance, count: kept.length }
}
