// Owns: a summary of latencies with exact percentiles in milliseconds.

/** Grows as needed; 8 bytes per sample. */
export function createHistogram() {
  let samples = new Float64Array(1 << 16)
  let count = 0
  return {
    add(ms) {
      if (count === samples.length) {
        const larger = new Float64Array(samples.length * 2)
        larger.set(samples)
        samples = larger
      }
      samples[count++] = ms
    },
    summary() {
      const sorted = samples.subarray(0, count).sort()
      const at = (share) => (count === 0 ? null : round(sorted[Math.min(count - 1, Math.floor(count * share))]))
      return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) }
    },
  }
}

export function median(values) {
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function round(value, digits = 2) {
  return typeof value === 'number' ? Number(value.toFixed(digits)) : value
}
