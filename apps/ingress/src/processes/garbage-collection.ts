// Owns: when V8 frees what is dead: the memory of buffers, and objects of the old generation.
import { setFlagsFromString } from 'node:v8'

/**
 * V8 frees them within the scavenge, on the main thread. By default another thread does. Until it has, V8 counts them
 * as growth of the heap. Each 64 KB of an upload are such a buffer, so every 30 MB of uploads made V8 mark the whole
 * heap: 190 us of CPU for 64 KB instead of 45, and pauses of 10 ms for pushes.
 */
export function freeBuffersAtOnce(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
}

/**
 * The old generation is collected when it is 1.4 times as large as what was alive after the collection before. By
 * default V8 lets it grow up to four times, and under the load of pushes the process takes 250 MB instead of 200
 * (measured); they leave 2 MB a second there, so it is collected every few seconds, mostly by another thread.
 */
export function collectEarly(): void {
  setFlagsFromString('--heap-growing-percent=40')
}
