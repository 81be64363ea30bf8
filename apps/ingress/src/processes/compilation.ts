// Owns: when V8 compiles hot functions with its best compiler.
import { setFlagsFromString } from 'node:v8'

/** V8 of Node.js 22, the first with Maglev between its baseline compiler and TurboFan. */
const FIRST_WITH_MAGLEV = 12

/**
 * Hot functions are compiled by TurboFan after 3,000 calls, as in Node.js 20. With Maglev they wait five times as long,
 * and its code allocates more: objects outlive two collections of the young generation, 60 MB a second reach the old
 * one, and V8 marks it every 650 ms. Without Maglev, a push under full load costs a sixth less CPU on Node.js 24 and
 * 26, and the process takes 20 to 40 MB less, half of it memory of the compiler (bench/README.md).
 */
export function compileOnce(): void {
  if (Number.parseInt(process.versions.v8, 10) < FIRST_WITH_MAGLEV) return
  setFlagsFromString('--no-maglev')
  // V8 derives both from `--maglev` when it starts.
  setFlagsFromString('--no-maglev-overwrite-budget')
  setFlagsFromString('--invocation-count-for-turbofan=3000')
}
