// Owns: when V8 frees what is dead: the memory of buffers, and objects of the old generation.
import { setFlagsFromString } from 'node:v8'

/**
 * V8 frees dead buffers within the scavenge, on the main thread. By default another thread frees them later, and until
 * then V8 counts them as growth of the heap. Each 64 KB of an upload are such a buffer, so every 30 MB of uploads made
 * V8 mark the whole heap: 190 us of CPU for 64 KB instead of 45, and pauses of 10 ms for pushes.
 */
export function freeBuffersAtOnce(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
}

/**
 * V8 collects the old generation when it has grown to 1.4 times what was alive after the collection before; by default
 * up to four times. Under a load of pushes the process takes 200 MB instead of 250 (bench/README.md). Pushes leave 2 MB
 * a second there, so V8 collects it every few seconds, mostly in another thread.
 */
export function collectEarly(): void {
  setFlagsFromString('--heap-growing-percent=40')
}
