// Owns: CPU time and memory of processes, from /proc; undefined on systems without it.
import { readFileSync } from 'node:fs'

/** USER_HZ is 100 on every Linux that Node.js supports. */
const TICK_MS = 10
const PAGE_BYTES = 4096

/** The process and its children, for `withUsage` as one. */
export function treeOf(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`)?.trim().split(' ').filter(Boolean) ?? []
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))]
}

/** CPU time in ms of all threads since the start. */
export function cpuTimes(pid) {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name in parentheses may contain any character.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { userMs: Number(fields[11]) * TICK_MS, systemMs: Number(fields[12]) * TICK_MS }
}

/** CPU time in ms, user and system, of all threads since the start; for several processes the sum. */
export function cpuMs(pid) {
  if (Array.isArray(pid)) {
    const each = pid.map(cpuMs)
    return each.includes(undefined) ? undefined : each.reduce((sum, ms) => sum + ms, 0)
  }
  const times = cpuTimes(pid)
  return times && times.userMs + times.systemMs
}

/** How often the main thread has slept. */
export function sleeps(pid) {
  return Number(/\nvoluntary_ctxt_switches:\s*(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1])
}

/** Resident megabytes. */
export function residentMb(pid) {
  const statm = read(`/proc/${pid}/statm`)
  return statm === undefined ? undefined : Math.round((Number(statm.split(' ')[1]) * PAGE_BYTES) / 1_048_576)
}

/** Returns the result of `run`, and the CPU time of each process during it. */
export async function withUsage(pids, run) {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, cpuMs(pid)])
  const result = await run()
  const cpu = {}
  for (const [name, pid, from] of before) {
    const to = cpuMs(pid)
    if (from !== undefined && to !== undefined) cpu[name] = to - from
  }
  return { result, cpu }
}

/** Microseconds of CPU per item. */
export function perItem(cpu, count) {
  return Object.fromEntries(
    Object.entries(cpu).map(([name, ms]) => [name, count === 0 ? null : Math.round((ms * 1000) / count)]),
  )
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}
