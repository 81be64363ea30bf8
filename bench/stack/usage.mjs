// Owns: what a process has taken of the machine. From /proc; where there is none, the figures are left out.
import { readFileSync } from 'node:fs'

/** USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10
const PAGE_BYTES = 4096

/** The process and those that it has started, all together as one for `withUsage`. */
export function treeOf(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`)?.trim().split(' ').filter(Boolean) ?? []
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))]
}

/** CPU time in ms since its start, user and system, all threads; undefined without /proc. Of several, their sum. */
export function cpuMs(pid) {
  if (Array.isArray(pid)) {
    const each = pid.map(cpuMs)
    return each.includes(undefined) ? undefined : each.reduce((sum, ms) => sum + ms, 0)
  }
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name in parentheses may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Resident megabytes. */
export function residentMb(pid) {
  const statm = read(`/proc/${pid}/statm`)
  return statm === undefined ? undefined : Math.round((Number(statm.split(' ')[1]) * PAGE_BYTES) / 1_048_576)
}

/** Runs and answers, beside the result, the CPU time of each process over it. */
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

/** Microseconds of CPU for each of `count`. */
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
